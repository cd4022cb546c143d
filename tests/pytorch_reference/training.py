"""One training iteration of StarGAN v2 in PyTorch, as the paper has it: four updates.

Each update draws the images that it needs. Networks that an update leaves as they are get no
gradients of their weights.

Source: StarGAN v2, https://arxiv.org/abs/1912.01865, equations 1 to 6, appendix B.
"""

import copy
import importlib

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from tests.pytorch_reference.networks import AVERAGED, build_networks

torch = importlib.import_module("torch")  # in no lock, nor in BUILD
functional = torch.nn.functional


class Training:
    """Networks, their moving averages and optimizers.

    Attributes:
      networks: G, F, E and D, by name.
      averages: of G, F and E, by the same names.
    """

    def __init__(self, settings: StarGANv2Settings, num_domains, weights, autocast=False):
        """Makes a run that has not begun.

        Args:
          settings: of the run; without high-pass skip connections.
          num_domains: K.
          weights: the first ones; state_dicts by network.
          autocast: whether to compute in bfloat16 where PyTorch deems that safe.
        """
        assert settings.w_hpf == 0
        self._settings = settings
        self._iteration = 0
        self._precision = torch.autocast("cpu", torch.bfloat16, enabled=autocast)
        self.networks = build_networks(settings, num_domains)
        for name, network in self.networks.items():
            network.load_state_dict(weights[name])
        self.averages = {name: copy.deepcopy(self.networks[name]) for name in AVERAGED}
        for average in self.averages.values():
            average.requires_grad_(False)
        self._optimizers = {
            name: torch.optim.Adam(
                network.parameters(),
                lr=settings.f_lr if name == "mapping_network" else settings.lr,
                betas=(settings.beta1, settings.beta2),
                weight_decay=settings.weight_decay,
            )
            for name, network in self.networks.items()
        }

    def iterate(self, batch):
        """Trains on a batch.

        Args:
          batch: images [N, 3, R, R] in [-1, 1], domains [N] and latent codes [N, latent_dim], named
            x_real, y_org, x_ref, x_ref2, y_trg, z_trg and z_trg2.

        Returns:
          Every loss of every update, and the weight of the diversity sensitive loss, as floats.
        """
        G, F, E = (self.networks[name] for name in AVERAGED)
        x_real, y_trg = batch["x_real"], batch["y_trg"]

        def latent(code):
            return F(batch[code], y_trg)

        def reference(image):
            return E(batch[image], y_trg)

        def translate(style, source):
            # Autocast keeps weights that it has cast, here without a gradient: in a context apart.
            with torch.no_grad(), self._precision:
                return G(x_real, style(source))

        def update_D(style, source):
            x_fake = translate(style, source)
            return self._update(lambda: self._discriminator_losses(batch, x_fake), "discriminator")

        def update_G(style, source, source2, *names):
            x_fake2 = translate(style, source2)
            return self._update(
                lambda: self._generator_losses(batch, style(source), x_fake2), *names
            )

        updates = {
            "D/latent": update_D(latent, "z_trg"),
            "D/ref": update_D(reference, "x_ref"),
            "G/latent": update_G(latent, "z_trg", "z_trg2", *AVERAGED),
            "G/ref": update_G(reference, "x_ref", "x_ref2", "generator"),
        }
        losses = {
            f"{update}_{name}": loss.item()
            for update, found in updates.items()
            for name, loss in found.items()
        }
        losses["lambda_ds"] = self._lambda_ds
        self._update_averages()
        self._iteration += 1
        return losses

    @property
    def _lambda_ds(self):
        left = max(0.0, 1 - self._iteration / self._settings.ds_iter)
        return self._settings.lambda_ds * left

    def _update(self, objective, *names):
        """One step of some networks down the gradients of a total, which comes first."""
        for name, network in self.networks.items():
            network.requires_grad_(name in names)
        with self._precision:
            total, losses = objective()
        for name in names:
            self._optimizers[name].zero_grad()
        total.backward()
        for name in names:
            self._optimizers[name].step()
        return {name: loss.detach() for name, loss in losses.items()}

    def _discriminator_losses(self, batch, x_fake):
        D = self.networks["discriminator"]
        x_real = batch["x_real"].clone().requires_grad_()
        logits = D(x_real, batch["y_org"])
        losses = {
            "real": functional.softplus(-logits).mean(),
            "fake": functional.softplus(D(x_fake, batch["y_trg"])).mean(),
            "reg": _r1(logits, x_real),
        }
        total = losses["real"] + losses["fake"] + self._settings.lambda_reg * losses["reg"]
        return total, losses

    def _generator_losses(self, batch, s_trg, x_fake2):
        G, _, E, D = self.networks.values()
        x_real, y_org, y_trg = (batch[name] for name in ("x_real", "y_org", "y_trg"))
        x_fake = G(x_real, s_trg)
        x_rec = G(x_fake, E(x_real, y_org))
        losses = {
            "adv": functional.softplus(-D(x_fake, y_trg)).mean(),
            "sty": functional.l1_loss(E(x_fake, y_trg), s_trg),
            "ds": functional.l1_loss(x_fake, x_fake2),
            "cyc": functional.l1_loss(x_rec, x_real),
        }
        weights = {
            "adv": 1.0,
            "sty": self._settings.lambda_sty,
            "ds": -self._lambda_ds,
            "cyc": self._settings.lambda_cyc,
        }
        return sum(weights[name] * loss for name, loss in losses.items()), losses

    @torch.no_grad()
    def _update_averages(self):
        decay = self._settings.ema_decay
        if self._settings.ema_warmup:
            decay = min(decay, (1 + self._iteration) / (10 + self._iteration))
        for name, average in self.averages.items():
            pairs = zip(average.parameters(), self.networks[name].parameters(), strict=True)
            for mean, new in pairs:
                mean.lerp_(new, 1 - decay)


def _r1(logits, x):
    """Half the squared length of the gradient by each image, on average."""
    (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return 0.5 * gradient.square().sum(dim=(1, 2, 3)).mean()
