"""Settings of `python -m stargan_tf.client`."""

import dataclasses
from pathlib import Path
from urllib.parse import urlsplit

from stargan_tf.config.settings import check, check_bounds, setting

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")
SCHEMES = ("http", "https", "grpc", "grpcs")
MAX_SEED = 2**63 - 1
# A day; the clocks below have a limit, too.
MAX_TIMEOUT = 86400


@dataclasses.dataclass(frozen=True)
class ClientConfig:
    """The server, the images, the styles they are translated in, and where results go."""

    server: str = setting(
        "http://localhost:8501",
        "Address of the model server: http://HOST:8501 for REST, grpc://HOST:8500 for gRPC; https "
        "and grpcs over TLS.",
    )
    model: str = setting("", "Name of the model on the server.")
    version: int = setting(0, "Version of the model; 0 for the newest.", least=0, most=MAX_SEED)
    label: str = setting("", "Label of a version in the server's configuration, such as stable.")
    src: str = setting("", "Image to translate, or a folder of images.", path=True)
    ref: str = setting(
        "",
        "Image whose style is taken, or a folder of images of --target_domain. Without it, styles "
        "are random.",
        path=True,
    )
    target_domain: str = setting(
        "",
        "Domain to translate into, by name, or by index unless names consist of digits; of a model "
        "with labels, the names of those that hold, such as Blond_Hair,Young=0.5. Which there are "
        "stands in the model's assets/domains.txt, and in the server's answer to any other.",
    )
    psi: float = setting(
        1.0,
        "Truncation of the random styles, from 0 (every one the domain's mean style) to 1 (as they "
        "are, the most diverse).",
        least=0,
        most=1,
    )
    seed: int = setting(
        7, "Seed of the first random style; those after it have the seeds that follow."
    )
    num_outputs: int = setting(1, "Random styles for each image.", least=1)
    out: str = setting(
        "",
        "Where to write: a .png or .jpg file for one image in one style, else a folder, for files "
        "named like SOURCE__to_DOMAIN__seed7_0.png.",
        path=True,
    )
    timeout: float = setting(
        30.0,
        "Seconds that an answer may take, with the tries after the first while the server is "
        "unavailable.",
    )
    concurrency: int = setting(4, "Requests that are under way at once.", least=1)
    batch_size: int = setting(1, "Images in a request.", least=1)
    align: bool = setting(
        False,
        "Crop the largest face of each source and reference as in CelebA-HQ first; needs the "
        "package ai-edge-litert.",
    )
    overwrite: bool = setting(False, "Replace files that are already at --out.")
    status: bool = setting(
        False, "Only print which versions of the model are loaded, and its signatures."
    )

    def validate(self) -> None:
        """Checks everything that can be known before the server is asked.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        self._validate_server()
        if self.status:
            return
        self._validate_inputs()
        self._validate_numbers()
        self._validate_out()

    @property
    def is_file_out(self) -> bool:
        """Whether --out names a file rather than a folder."""
        return Path(self.out).suffix.lower() in IMAGE_SUFFIXES

    def _validate_server(self) -> None:
        check(
            _is_address(self.server),
            f"Found --server={self.server}, expected the address of a model server: write "
            "http://HOST:8501, or grpc://HOST:8500.",
        )
        check(
            bool(self.model),
            "Found no --model, expected the name of a model on the server: pass --model=NAME.",
        )
        check(
            not set("/:") & set(self.model),
            f"Found --model={self.model}, expected the name of a model, without its folder: "
            "correct it, and pass the version with --version.",
        )
        check(
            not (self.version and self.label),
            f"Found --version={self.version} and --label={self.label}, expected one of them: leave "
            "one out.",
        )
        check(
            0 < self.timeout <= MAX_TIMEOUT,
            f"Found --timeout={self.timeout}, expected seconds, over 0 and up to {MAX_TIMEOUT}: "
            "change it.",
        )

    def _validate_inputs(self) -> None:
        check(
            bool(self.src),
            "Found no --src, expected an image or a folder of images to translate: pass "
            "--src=IMAGE.jpg.",
        )
        for flag in ("src", "ref"):
            value = getattr(self, flag)
            check(
                not value or Path(value).exists(),
                f"--{flag}={value} does not exist, expected an image or a folder of images: check "
                "the path.",
            )
        check(
            bool(self.target_domain),
            "Found no --target_domain, expected the name or index of a domain of the model: pass "
            "--target_domain=NAME; the names stand in its assets/domains.txt.",
        )

    def _validate_numbers(self) -> None:
        check_bounds(self)
        check(
            not self.ref or self.psi == 1,
            f"Found --psi={self.psi} with --ref, expected random styles with it: the server does "
            "not truncate those of references, so leave one of the two out.",
        )
        check(
            0 <= self.seed <= MAX_SEED - self.num_outputs,
            f"Found --seed={self.seed}, expected 0 or more, and 64 bits at most: change it.",
        )

    def _validate_out(self) -> None:
        check(
            bool(self.out),
            "Found no --out, expected where to write: pass --out=IMAGE.png for one image in one "
            "style, or --out=FOLDER.",
        )
        out = Path(self.out)
        if self.is_file_out:
            one_style = Path(self.ref).is_file() if self.ref else self.num_outputs == 1
            check(
                Path(self.src).is_file() and one_style,
                f"Found --out={self.out} for more than one image, expected a folder: name one.",
            )
            check(
                not out.is_dir(),
                f"--out={self.out} is a folder, expected a file to write: choose another name.",
            )
            check(
                self.overwrite or not out.exists(),
                f"--out={self.out} already exists: choose another name, or add --overwrite to "
                "replace it.",
            )
            return
        check(
            not out.exists() or out.is_dir(),
            f"--out={self.out} is a file, expected a folder, or a name that ends in .png or .jpg: "
            "choose another name.",
        )
        check(
            self.overwrite or not out.exists() or not any(out.iterdir()),
            f"--out={self.out} already exists and is not empty: choose another folder, or add "
            "--overwrite to replace images of the same names in it.",
        )


def _is_address(server: str) -> bool:
    try:
        url = urlsplit(server)
        return url.scheme in SCHEMES and bool(url.hostname) and url.port != 0
    except ValueError:  # of a port that is no number
        return False
