"""One training iteration: Choi et al. 2020, four updates and the moving averages."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from stargan_tf.config.train import TrainConfig
from stargan_tf.training.loss_scaling import loss_scale, r1_scale, unscale
from stargan_tf.training.moving_averages import average_decay, update_averages
from stargan_tf.training.objectives import (
    Objective,
    discriminator_objective,
    generator_objective,
)
from stargan_tf.training.state import TrainState
from stargan_tf.types import TrainBatch

Losses = dict[str, tf.Tensor]


class TrainStep:
    """The compiled training step, over all replicas of a strategy."""

    def __init__(
        self, state: TrainState, config: TrainConfig, strategy: tf.distribute.Strategy
    ) -> None:
        """Binds the step to the state that it changes.

        Args:
          state: made within the strategy's scope.
          config: of the run.
          strategy: over whose replicas each batch is split.
        """
        self._state = state
        self._config = config
        self._strategy = strategy

    # Nothing here branches on tensors; without AutoGraph, tracing is faster.
    @tf.function(autograph=False)
    def __call__(self, batch: TrainBatch) -> Losses:
        """Runs one iteration.

        Args:
          batch: of each replica, as a distributed data set yields it.

        Returns:
          Every loss of every update, by log key, averaged over the replicas;
          lambda_ds is the value that was used.
        """
        state, config = self._state, self._config
        losses = self._strategy.run(self._update_networks, (batch,))
        losses = {
            name: self._strategy.reduce(tf.distribute.ReduceOp.MEAN, loss, axis=None)
            for name, loss in losses.items()
        }
        losses["lambda_ds"] = tf.identity(state.lambda_ds)

        decay = average_decay(state.step, config.ema_decay, config.ema_warmup)
        for average, network in zip(
            state.averages.networks(), state.networks.networks(), strict=True
        ):
            update_averages(self._strategy, average.variables, network.variables, decay)
        state.step.assign_add(1)
        left = 1 - tf.cast(state.step, tf.float32) / config.ds_iter
        state.lambda_ds.assign(config.lambda_ds * tf.maximum(left, 0.0))
        return losses

    def _update_networks(self, batch: TrainBatch) -> Losses:
        """The four updates, on one replica's share of the batch."""
        x_real, y_org, x_ref, x_ref2, y_trg, z_trg, z_trg2 = batch
        networks = self._state.networks
        G, F, E = networks.generator, networks.mapping_network, networks.style_encoder
        encoded = G.encode(x_real)  # D's updates leave G as it is: one pass serves both

        # 1. D, with styles from latent codes.
        x_fake = G.decode(encoded, F(z_trg, y_trg))
        d_latent = self._update_discriminator(x_real, y_org, x_fake, y_trg)

        # 2. D, with styles from reference images.
        x_fake = G.decode(encoded, E(x_ref, y_trg))
        d_ref = self._update_discriminator(x_real, y_org, x_fake, y_trg)

        # 3. G, F and E, with styles from latent codes.
        g_latent = self._update_generator(
            lambda: (F(z_trg, y_trg), F(z_trg2, y_trg)), x_real, y_org, y_trg, step_styles=True
        )

        # 4. G alone, with styles from reference images.
        g_ref = self._update_generator(
            lambda: (E(x_ref, y_trg), E(x_ref2, y_trg)), x_real, y_org, y_trg, step_styles=False
        )

        updates = {"D/latent": d_latent, "D/ref": d_ref, "G/latent": g_latent, "G/ref": g_ref}
        return {
            f"{update}_{name}": loss
            for update, losses in updates.items()
            for name, loss in losses.items()
        }

    def _update_discriminator(
        self, x_real: tf.Tensor, y_org: tf.Tensor, x_fake: tf.Tensor, y_trg: tf.Tensor
    ) -> Losses:
        D, optimizer = self._state.discriminator, self._state.discriminator_optimizer
        return self._minimize(
            lambda: discriminator_objective(
                D, self._config, x_real, y_org, x_fake, y_trg, r1_scale(optimizer)
            ),
            [(D, optimizer)],
        )

    def _update_generator(
        self,
        styles: Callable[[], tuple[tf.Tensor, tf.Tensor]],
        x_real: tf.Tensor,
        y_org: tf.Tensor,
        y_trg: tf.Tensor,
        *,
        step_styles: bool,
    ) -> Losses:
        state = self._state
        stepped = [(state.networks.generator, state.generator_optimizer)]
        if step_styles:
            stepped += [
                (state.networks.mapping_network, state.mapping_optimizer),
                (state.networks.style_encoder, state.style_optimizer),
            ]

        def objective() -> Objective:
            return generator_objective(
                state.networks,
                state.discriminator,
                self._config,
                x_real,
                y_org,
                y_trg,
                *styles(),
                state.lambda_ds,
            )

        return self._minimize(objective, stepped)

    def _minimize(
        self,
        objective: Callable[[], Objective],
        stepped: Sequence[tuple[tf.keras.Model, tf.keras.optimizers.Optimizer]],
    ) -> Losses:
        """Takes one step down the objective with each network's optimizer."""
        optimizers = [optimizer for _, optimizer in stepped]
        with tf.GradientTape() as tape:
            total, losses = objective()
            # Optimizers add up the replicas' gradients; each loss is a mean over
            # its replica's share, so the sum needs dividing by their number.
            total /= self._strategy.num_replicas_in_sync
            total *= loss_scale(optimizers[0])
        gradients = tape.gradient(total, [network.trainable_variables for network, _ in stepped])
        gradients = unscale(gradients, optimizers)
        for (network, optimizer), own in zip(stepped, gradients, strict=True):
            optimizer.apply_gradients(zip(own, network.trainable_variables, strict=True))
        return losses
