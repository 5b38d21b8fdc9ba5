"""The tree of the options' canonical tokens, and what the model's logits say about its leaves.

A node is a token behind its parent; the root is where the options begin. Each option is one path
that ends with its terminator (the end of the turn, or what opens its first free text), so no path
is the beginning of another. Only nodes with children are ever evaluated: a leaf's probability
comes from its parent's logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from game.engine.protocol import Scores
from game.engine.sampling import log_softmax, tempered


@dataclass
class Node:
    """One token of the tree. `children`: token to node index, in the options' order."""

    token: int
    parent: int
    depth: int
    children: dict[int, int] = field(default_factory=dict)
    option: int = -1
    """The option that ends here, or -1."""


@dataclass(frozen=True)
class Wave:
    """What one batch evaluates: nodes in breadth-first order, each with the lanes that go through it.

    A lane is one root-to-leaf line of evaluated nodes; it becomes one sequence of the cache.
    """

    lanes: int
    nodes: list[tuple[int, list[int]]]


class Tree:
    """Built once for a form; `paths[i]` is the token path of option i."""

    def __init__(self, paths: Sequence[Sequence[int]]) -> None:
        """Raises `ValueError` where a path is empty, or one begins another."""
        self.paths = [list(p) for p in paths]
        self.nodes = [Node(-1, -1, 0)]
        for i, path in enumerate(self.paths):
            at = 0
            if not path:
                raise ValueError("an option has no tokens")
            for token in path:
                if self.nodes[at].option >= 0:
                    raise ValueError("an option is the beginning of another")
                nxt = self.nodes[at].children.get(token)
                if nxt is None:
                    nxt = len(self.nodes)
                    self.nodes.append(Node(token, at, self.nodes[at].depth + 1))
                    self.nodes[at].children[token] = nxt
                at = nxt
            if self.nodes[at].option >= 0 or self.nodes[at].children:
                raise ValueError("two options are the same, or one is the beginning of another")
            self.nodes[at].option = i

    @property
    def depth(self) -> int:
        """Tokens from the root to the deepest evaluated node."""
        return max((n.depth for n in self.nodes if n.children), default=0)

    def waves(self, lanes: int, tokens: int, *, shared: bool = True) -> list[Wave]:
        """The evaluated nodes in waves of at most `lanes` lanes and about `tokens` tokens.

        Each node is in one wave only, unless it is shared by lanes of two waves: then the second
        repeats it (its cells are gone by then). Without `shared` each lane has nodes of its own,
        for memories where two sequences can't hold the same token.
        """
        tips = [i for i, n in enumerate(self.nodes) if i and n.children and not self._inner(n)]
        # Depth-first order of the tips keeps lanes that share most in one wave.
        tips.sort(key=self._line)
        out: list[Wave] = []
        group: list[int] = []
        held: set[int] = set()
        for tip in tips:
            line = set(self._line(tip))
            size = len(held | line) if shared else sum(self.nodes[t].depth for t in (*group, tip))
            if group and (len(group) >= lanes or size > tokens):
                out.append(self._wave(group, shared))
                group, held = [], set()
            group.append(tip)
            held |= line
        if group:
            out.append(self._wave(group, shared))
        return out

    def _inner(self, node: Node) -> bool:
        """Whether some child is evaluated too."""
        return any(self.nodes[c].children for c in node.children.values())

    def _line(self, i: int) -> tuple[int, ...]:
        line: list[int] = []
        while i > 0:
            line.append(i)
            i = self.nodes[i].parent
        return tuple(reversed(line))

    def _wave(self, tips: list[int], shared: bool) -> Wave:
        if not shared:
            return Wave(len(tips), [(i, [lane]) for lane, tip in enumerate(tips) for i in self._line(tip)])
        lanes: dict[int, list[int]] = {}
        for lane, tip in enumerate(tips):
            for i in self._line(tip):
                lanes.setdefault(i, []).append(lane)
        # llama.cpp wants sequences that share a token to be equally long by then: breadth first.
        ordered = sorted(lanes, key=lambda i: (self.nodes[i].depth, i))
        return Wave(len(tips), [(i, lanes[i]) for i in ordered])


class Scored:
    """Collects the logits of the tree's nodes and turns them into probabilities.

    `temperature`: of `p_play`. `put` is called once for each evaluated node (the root is 0).
    """

    def __init__(self, tree: Tree, temperature: float) -> None:
        self.tree = tree
        self.temperature = temperature
        self._play: dict[int, float] = {0: 1.0}
        self._model: dict[int, float] = {0: 0.0}
        self.done: set[int] = set()

    def put(self, node: int, logits: NDArray[np.float32]) -> None:
        """Take the logits, [vocabulary], behind `node`; a node that was put already is left alone.

        Parents before children.
        """
        if node in self.done:
            return
        self.done.add(node)
        children = self.tree.nodes[node].children
        tokens = list(children)
        logs = log_softmax(logits)[tokens]
        steps = tempered(logits[tokens], self.temperature)
        for child, log, step in zip(children.values(), logs, steps, strict=True):
            self._model[child] = self._model[node] + float(log)
            self._play[child] = self._play[node] * float(step)

    def steps(self, node: int) -> NDArray[np.float64]:
        """The masked, tempered step probabilities of a node's children, in their order."""
        return np.array([self._play[c] for c in self.tree.nodes[node].children.values()])

    def scores(self) -> Scores:
        """Per option, in order. All evaluated nodes must have been put."""
        n = len(self.tree.paths)
        play, model = [0.0] * n, [0.0] * n
        for i, node in enumerate(self.tree.nodes):
            if node.option >= 0:
                play[node.option] = self._play[i]
                model[node.option] = self._model[i]
        logs = np.array(model)
        top = logs.max()
        mass = np.exp(logs - top)
        total = float(mass.sum())
        return Scores(
            p_play=tuple(play),
            p_model=tuple(float(x) for x in mass / total),
            off_menu=float(min(1.0, max(0.0, 1.0 - total * np.exp(top)))),
        )
