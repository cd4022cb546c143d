"""The algorithms: a package each of settings, networks, objectives, step, codes and signatures."""
