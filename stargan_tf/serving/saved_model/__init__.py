"""The SavedModel: signatures on encoded and float images, checks of requests, warm-up."""
