"""Policy gradient: a network learns to balance a pole by trying.

You learn reinforcement learning's simplest method, REINFORCE. No one says which push was right: the
policy, a network from four numbers to a probability for each push, is drawn from; after the episode
each push that was made becomes more likely in proportion to the reward that followed it, compared
with what usually follows (the baseline). In the graph that is a cross-entropy, weighted.

CartPole is a few lines of NumPy here: a cart of 1 kg, a pole of 0.1 kg, 50 pushes of 10 N in a
second; each step that the pole stands is a reward of 1, and 200 of them end an episode. Prints the
rewards while it learns; in the end the policy balances nearly always to the end (195 of 200 counts
as solved; 20 is chance). Writes policy_gradient_graph.svg and policy_gradient_rewards.png.

    python examples/30_policy_gradient.py
"""

import argparse

import numpy as np

import flowgraph as fg

MOST_STEPS, DISCOUNT = 200, 0.99


class CartPoles:
    """Many independent carts with a pole, moved at the same time; physics of Barto et al., 1983."""

    def __init__(self, count, random):
        self.state = random.uniform(-0.05, 0.05, [count, 4])  # position, speed, angle, its speed

    def step(self, pushes):
        """Pushes each cart to the left (0) or right (1); which poles have fallen."""
        _, speed, angle, turning = self.state.T
        force = np.where(pushes == 1, 10.0, -10.0)
        cart, pole, half_length, gravity, seconds = 1.0, 0.1, 0.5, 9.8, 0.02
        push = (force + pole * half_length * turning**2 * np.sin(angle)) / (cart + pole)
        turn = (gravity * np.sin(angle) - np.cos(angle) * push) / (
            half_length * (4 / 3 - pole * np.cos(angle)**2 / (cart + pole)))
        go = push - pole * half_length * turn * np.cos(angle) / (cart + pole)
        self.state += seconds * np.stack([speed, go, turning, turn], axis=1)
        return (np.abs(self.state[:, 0]) > 2.4) | (np.abs(self.state[:, 2]) > np.radians(12))


class Policy:
    """The network, and the step that makes good pushes likelier."""

    def __init__(self):
        self.states = fg.placeholder(fg.float32, [None, 4], name="states")
        self.pushes = fg.placeholder(fg.int32, [None], name="pushes")
        self.advantages = fg.placeholder(fg.float32, [None], name="advantages")
        hidden = fg.layers.dense(self.states, 32, fg.nn.tanh, name="hidden")
        scores = fg.layers.dense(hidden, 2, name="scores")
        self.probabilities = fg.nn.softmax(scores, name="probabilities")
        with fg.name_scope("loss"):
            surprise = fg.nn.sparse_softmax_cross_entropy_with_logits(
                labels=self.pushes, logits=scores)  # -log of the probability of what was done
            self.loss = fg.reduce_mean(self.advantages * surprise)
        self.train = fg.train.AdamOptimizer(0.01).minimize(self.loss)


def play(session, policy, count, random):
    """`count` episodes side by side: states, pushes, and who still stood, [steps, count, ...]."""
    poles, standing = CartPoles(count, random), np.ones(count, bool)
    states, pushes, stood = [], [], []
    while standing.any() and len(states) < MOST_STEPS:
        states.append(poles.state.copy())
        stood.append(standing)
        p = session.run(policy.probabilities, {policy.states: poles.state})
        pushes.append((random.uniform(size=count) < p[:, 1]).astype(int))
        standing = standing & ~poles.step(pushes[-1])
    return np.array(states), np.array(pushes), np.array(stood)


def returns(stood):
    """The discounted rewards that follow each step."""
    result = np.zeros(stood.shape)
    later = np.zeros(stood.shape[1])
    for step in reversed(range(len(stood))):
        later = stood[step] * (1.0 + DISCOUNT * later)
        result[step] = later
    return result


def learn(session, policy, rounds, random):
    """Plays 16 episodes and learns from them, again and again; the rewards of each round."""
    history = []
    for turn in range(rounds):
        states, pushes, stood = play(session, policy, 16, random)
        gains = returns(stood)
        gains -= gains.sum(axis=1, keepdims=True) / stood.sum(axis=1, keepdims=True)  # baseline
        advantages = gains[stood] / (gains[stood].std() + 1e-8)
        session.run(policy.train, {policy.states: states[stood], policy.pushes: pushes[stood],
                                   policy.advantages: advantages})
        history.append(stood.sum(axis=0))
        if turn % 20 == 19:
            print(f"after {16 * (turn + 1):4} episodes: reward {np.mean(history[-10:]):5.1f}")
    return np.array(history)


def draw(history, session, policy):
    """The graph; the rewards; and what the policy does at each angle."""
    try:
        fg.get_default_graph().render("policy_gradient_graph.svg", policy.train,
                                      name="A policy and its gradient")
        import matplotlib.pyplot as plt
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    episodes = 16 * np.arange(1, len(history) + 1)
    left.fill_between(episodes, history.min(axis=1), history.max(axis=1), color="#d6e4f0",
                      label="worst to best of 16")
    left.plot(episodes, history.mean(axis=1), color="#2166ac", label="mean")
    left.axhline(195, color="grey", linestyle=":", label="solved")
    left.set(xlabel="episodes", ylabel="steps that the pole stood", ylim=(0, 205))
    left.legend(loc="lower right")
    angle, turning = np.meshgrid(np.linspace(-12, 12, 60), np.linspace(-120, 120, 60))
    states = np.zeros([angle.size, 4])
    states[:, 2], states[:, 3] = np.radians(angle.ravel()), np.radians(turning.ravel())
    to_right = session.run(policy.probabilities, {policy.states: states})[:, 1]
    shades = right.pcolormesh(angle, turning, to_right.reshape(angle.shape), cmap="RdBu_r",
                              vmin=0, vmax=1)
    right.set(xlabel="angle of the pole (degrees)", ylabel="its turning (degrees per second)",
              title="The policy, cart at rest in the middle")
    figure.colorbar(shades, label="probability of a push to the right")
    figure.savefig("policy_gradient_rewards.png", dpi=90)


def main():
    parser = argparse.ArgumentParser(description="A network learns to balance a pole.")
    parser.add_argument("--short", action="store_true", help="ten rounds")
    rounds = 10 if parser.parse_args().short else 120
    fg.set_random_seed(1)
    random = np.random.RandomState(1)
    policy = Policy()
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        history = learn(session, policy, rounds, random)
        tested = play(session, policy, 100, random)[2].sum(axis=0)
        print(f"result: mean reward of 100 new episodes = {tested.mean():.1f}")
        print(f"result: mean reward before learning = {history[0].mean():.1f}")
        draw(history, session, policy)


if __name__ == "__main__":
    main()
