"""The client: one method for each signature of an exported model."""

from collections.abc import Sequence
from typing import Any, overload

from .connection import Connection
from .rows import Rows

Domain = str | int
Domains = Domain | Sequence[Domain]
Vector = Sequence[float]
Vectors = Vector | Sequence[Vector]
Label = str | Vector


class Client(Connection):
    """Translates encoded images with a model in TensorFlow Serving.

    Every method takes one image, or a list (or tuple) of N images as one batch, and returns
    one result or a list of N (`map_latent` does so with latent codes). Beside a list, each
    further argument is one value for all images or a list of N values. Images are the bytes of
    upright JPEG or PNG files, see `load_image`; translations are PNG files (JPEG files, where
    the model was exported so). Domains are named, or numbered from 0 on unless one of the
    model's names consists of digits: then a number is a name, too.

    An object may be used by any number of threads at once. All methods raise

      InvalidRequestError: the server (or this class) does not accept an argument.
      NotFoundError: the server has no such model, version or label.
      UnavailableError: there is no server or it cannot answer, also not after the retries.
      DeadlineError: there was no answer in time.
      ServingError: anything else.

    and TypeError for arguments of other types.
    """

    @overload
    def translate(
        self, image: bytes, target_domain: Domain, *, seed: int = 7, psi: float = 1.0
    ) -> bytes: ...

    @overload
    def translate(
        self,
        image: list[bytes] | tuple[bytes, ...],
        target_domain: Domains,
        *,
        seed: int | Sequence[int] = 7,
        psi: float | Sequence[float] = 1.0,
    ) -> list[bytes]: ...

    def translate(self, image: Any, target_domain: Any, *, seed: Any = 7, psi: Any = 1.0) -> Any:
        """Translates into a domain in a random style.

        Args:
          image: encoded image(s).
          target_domain: name or index of a domain.
          seed: decides the style; the same seed is the same style.
          psi: from 0 (the domain's mean style) to 1 (the most diverse).

        Returns:
          The encoded translation(s).
        """
        rows = Rows.of_images("image_bytes", image)
        rows.add_domain(target_domain)
        rows.add_int("seed", seed)
        rows.add_float("psi", psi)
        return self._predict("translate_random", rows, "image_bytes")

    @overload
    def translate_latent(
        self, image: bytes, target_domain: Domain, latent: Vector, *, psi: float = 1.0
    ) -> bytes: ...

    @overload
    def translate_latent(
        self,
        image: list[bytes] | tuple[bytes, ...],
        target_domain: Domains,
        latent: Vectors,
        *,
        psi: float | Sequence[float] = 1.0,
    ) -> list[bytes]: ...

    def translate_latent(
        self, image: Any, target_domain: Any, latent: Any, *, psi: Any = 1.0
    ) -> Any:
        """Translates into a domain in the style of a latent code.

        Args:
          image: encoded image(s).
          target_domain: name or index of a domain.
          latent: `latent_dim` floats (see the model's model.json), from a normal distribution.
          psi: from 0 (the domain's mean style) to 1.

        Returns:
          The encoded translation(s).
        """
        rows = Rows.of_images("image_bytes", image)
        rows.add_domain(target_domain)
        rows.add_vector("latent", latent)
        rows.add_float("psi", psi)
        return self._predict("translate_latent", rows, "image_bytes")

    @overload
    def translate_reference(
        self, image: bytes, reference: bytes, target_domain: Domain
    ) -> bytes: ...

    @overload
    def translate_reference(
        self,
        image: list[bytes] | tuple[bytes, ...],
        reference: bytes | Sequence[bytes],
        target_domain: Domains,
    ) -> list[bytes]: ...

    def translate_reference(self, image: Any, reference: Any, target_domain: Any) -> Any:
        """Translates into the style of another image.

        Args:
          image: encoded image(s).
          reference: encoded image(s) whose style is taken.
          target_domain: name or index of the references' domain.

        Returns:
          The encoded translation(s).
        """
        rows = Rows.of_images("image_bytes", image)
        rows.add_images("reference_bytes", reference)
        rows.add_domain(target_domain)
        return self._predict("translate_reference", rows, "image_bytes")

    @overload
    def encode_style(self, reference: bytes, target_domain: Domain) -> list[float]: ...

    @overload
    def encode_style(
        self, reference: list[bytes] | tuple[bytes, ...], target_domain: Domains
    ) -> list[list[float]]: ...

    def encode_style(self, reference: Any, target_domain: Any) -> Any:
        """Takes the style of an image as a style code, for `translate_style`.

        Args:
          reference: encoded image(s).
          target_domain: name or index of their domain.

        Returns:
          The style code(s), `style_dim` floats each (see the model's model.json).
        """
        rows = Rows.of_images("reference_bytes", reference)
        rows.add_domain(target_domain)
        return self._predict("encode_style", rows, "style_code")

    @overload
    def map_latent(
        self, latent: Vector, target_domain: Domain, *, psi: float = 1.0
    ) -> list[float]: ...

    @overload
    def map_latent(
        self,
        latent: Sequence[Vector],
        target_domain: Domains,
        *,
        psi: float | Sequence[float] = 1.0,
    ) -> list[list[float]]: ...

    def map_latent(self, latent: Any, target_domain: Any, *, psi: Any = 1.0) -> Any:
        """Makes a style code of a latent code, for `translate_style`.

        Args:
          latent: `latent_dim` floats (see the model's model.json), from a normal distribution.
          target_domain: name or index of a domain.
          psi: from 0 (the domain's mean style) to 1 (the most diverse).

        Returns:
          The style code(s), `style_dim` floats each (see the model's model.json).
        """
        rows = Rows.of_vectors("latent", latent)
        rows.add_domain(target_domain)
        rows.add_float("psi", psi)
        return self._predict("map_latent", rows, "style_code")

    @overload
    def translate_style(self, image: bytes, style_code: Vector) -> bytes: ...

    @overload
    def translate_style(
        self, image: list[bytes] | tuple[bytes, ...], style_code: Vectors
    ) -> list[bytes]: ...

    def translate_style(self, image: Any, style_code: Any) -> Any:
        """Translates into the style of a style code, whose domain is part of it.

        Args:
          image: encoded image(s).
          style_code: from `encode_style` or `map_latent`.

        Returns:
          The encoded translation(s).
        """
        rows = Rows.of_images("image_bytes", image)
        rows.add_vector("style_code", style_code)
        return self._predict("translate_style", rows, "image_bytes")

    @overload
    def translate_label(self, image: bytes, label: Label) -> bytes: ...

    @overload
    def translate_label(
        self, image: list[bytes] | tuple[bytes, ...], label: Label | Sequence[Label]
    ) -> list[bytes]: ...

    def translate_label(self, image: Any, label: Any) -> Any:
        """Draws an image with other labels, with a model whose codes are labels.

        Args:
          image: encoded image(s).
          label: the names of those that hold, separated by commas, such as "Blond_Hair,Young";
            Young=0.5 is one that holds by half. Or a number for each of the model's domains or
            attributes, in their order.

        Returns:
          The encoded translation(s).
        """
        rows = Rows.of_images("image_bytes", image)
        if rows.add_label(label):
            return self._predict("translate_label", rows, "image_bytes")
        return self._predict("translate_style", rows, "image_bytes")
