"""Settings of `python -m stargan_tf.serve`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, check_bounds, setting


@dataclasses.dataclass(frozen=True)
class ServeConfig:
    """Which models are served, where, and how.

    The names are those of tensorflow_model_server, wherever the meaning is the same.
    """

    models_dir: str = setting(
        "saved_models",
        "Folder of exported models, NAME/VERSION. Without the --model_... flags, all of them are "
        "served, those that are added later too.",
        path=True,
    )
    host: str = setting(
        "127.0.0.1", "Address to listen on; 0.0.0.0 lets other machines in, which nothing guards."
    )
    port: int = setting(8500, "Port of gRPC; 0 for any that is free.", least=0, most=65535)
    rest_api_port: int = setting(8501, "Port of REST; 0 for any that is free.", least=0, most=65535)
    model_name: str = setting(
        "", "Serve this model only; without --model_base_path it is the one in --models_dir."
    )
    model_base_path: str = setting("", "Folder that holds the versions of --model_name.", path=True)
    model_config_file: str = setting(
        "",
        "Serve the models that this file names, a ModelServerConfig in text form. A base_path "
        "such as /models/NAME, which exists in the container of TensorFlow Serving only, is "
        "looked up as NAME in --models_dir.",
        path=True,
    )
    page_dir: str = setting(
        "page/dist",
        "Folder of the page that translates in the browser, which make page builds. REST's port "
        "shows it at /.",
        path=True,
    )
    file_system_poll_wait_seconds: int = setting(
        1, "Seconds between two looks for new versions; 0 to look at the start only.", least=0
    )

    def validate(self) -> None:
        """Checks everything that can be known from the flags.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        self._validate_models()
        check_bounds(self)
        check(
            self.port != self.rest_api_port or not self.port,
            f"Found {self.port} for both --port and --rest_api_port, expected two different ports: "
            "change one.",
        )
        check(bool(self.host), "Found no --host, expected an address: try --host=127.0.0.1.")

    def _validate_models(self) -> None:
        check(
            not self.model_config_file or Path(self.model_config_file).is_file(),
            f"--model_config_file={self.model_config_file} is not a file: check the path.",
        )
        if self.model_config_file:
            for flag in ("model_name", "model_base_path"):
                check(
                    not getattr(self, flag),
                    f"Found both --model_config_file and --{flag}, expected one of them: leave "
                    "the other out.",
                )
            return
        if self.model_base_path:
            folder, flag = Path(self.model_base_path), f"--model_base_path={self.model_base_path}"
        elif self.model_name:
            folder = Path(self.models_dir) / self.model_name
            flag = f"--model_name={self.model_name}"
        else:
            folder, flag = Path(self.models_dir), f"--models_dir={self.models_dir}"
        check(
            folder.is_dir(),
            f"{flag} means the folder {folder}, which does not exist: check the path, or export a "
            "model into it.",
        )
