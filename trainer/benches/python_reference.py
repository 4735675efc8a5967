"""Trains the article's nets in Keras and PyTorch on the corpus that edgefit trains on, and prints what it took as JSON.

Run by `cargo xtask bench train`, which installs the libraries into a throwaway environment. By hand:

    python python_reference.py aclImdb_v1.tar.gz keras baseline

The corpus is the same: words by edgefit's rule, the 10,000 most frequent of the training reviews, ties by bytes ascending.
Each net is validated on the test reviews after each epoch, as edgefit does it. Data loading is apart.
"""

import collections
import json
import re
import resource
import sys
import tarfile
import time

import numpy as np

WORD = re.compile(rb"[a-z0-9'\x80-\xff]+")
VOCABULARY, EPOCHS, BATCH = 10_000, 20, 512
RECIPES = {
    "baseline": dict(hidden=(16, 16)),
    "smaller": dict(hidden=(4, 4)),
    "l2": dict(hidden=(16, 16), l2=1e-3),
    "dropout": dict(hidden=(16, 16), dropout=0.5),
    "much-bigger": dict(hidden=(512, 512)),
}


def corpus(path):
    """(train, test), each a list of arrays of distinct row ids and an array of labels."""
    texts = {"train": [], "test": []}
    with tarfile.open(path) as archive:
        for member in archive:
            match = re.fullmatch(r"aclImdb/(train|test)/(neg|pos)/(\d+_\d+\.txt)", member.name)
            if match:
                half, label, name = match.groups()
                texts[half].append((label, name, WORD.findall(archive.extractfile(member).read().lower())))
    counts = collections.Counter(word for _, _, words in texts["train"] for word in words)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))[:VOCABULARY]
    row = {word: i for i, word in enumerate(ranked)}

    def half(name):
        documents = sorted(texts[name])
        rows = [np.unique([row[word] for word in words if word in row]).astype(np.int64) for _, _, words in documents]
        return rows, np.array([label == "pos" for label, _, _ in documents], np.float32)

    return half("train"), half("test")


def multi_hot(rows):
    matrix = np.zeros((len(rows), VOCABULARY), np.float32)
    for line, ids in zip(matrix, rows):
        line[ids] = 1
    return matrix


def with_keras(recipe, train, test):
    import keras
    from keras import layers

    regularizer = keras.regularizers.L2(recipe["l2"]) if "l2" in recipe else None
    stack = [layers.Input((VOCABULARY,))]
    for units in recipe["hidden"]:
        stack.append(layers.Dense(units, activation="relu", kernel_regularizer=regularizer))
        if "dropout" in recipe:
            stack.append(layers.Dropout(recipe["dropout"]))
    stack.append(layers.Dense(1, activation="sigmoid"))
    model = keras.Sequential(stack)
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    data = (multi_hot(train[0]), train[1]), (multi_hot(test[0]), test[1])

    def fit():
        history = model.fit(*data[0], epochs=EPOCHS, batch_size=BATCH, validation_data=data[1], verbose=0).history
        return history["val_accuracy"], history["val_loss"]

    return fit


def with_torch(recipe, train, test):
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            first, *rest = recipe["hidden"]
            self.bag = nn.EmbeddingBag(VOCABULARY, first, mode="sum")
            nn.init.xavier_uniform_(self.bag.weight)
            self.bias = nn.Parameter(torch.zeros(first))
            tail = [nn.ReLU()]
            for inputs, units in zip(recipe["hidden"], [*rest, 1]):
                if "dropout" in recipe:
                    tail.append(nn.Dropout(recipe["dropout"]))
                linear = nn.Linear(inputs, units)
                nn.init.xavier_uniform_(linear.weight)
                nn.init.zeros_(linear.bias)
                tail += [linear] + ([nn.ReLU()] if units != 1 else [])
            self.tail = nn.Sequential(*tail)

        def forward(self, ids, offsets):
            return self.tail(self.bag(ids, offsets) + self.bias).squeeze(1)

    def batches(rows, labels, order):
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            ids = torch.from_numpy(np.concatenate([rows[i] for i in chosen]))
            lengths = np.array([0] + [len(rows[i]) for i in chosen[:-1]])
            yield ids, torch.from_numpy(lengths.cumsum()), torch.from_numpy(labels[chosen])

    net, loss = Net(), nn.BCEWithLogitsLoss()
    state = {name: torch.zeros_like(p) for name, p in net.named_parameters()}
    penalty = recipe.get("l2", 0.0)

    def step():
        # Keras's RMSprop: epsilon inside the root.
        with torch.no_grad():
            for name, p in net.named_parameters():
                hidden = name in ("bag.weight",) or (name.endswith("weight") and p.shape[0] != 1)
                gradient = p.grad + 2 * penalty * p if hidden and penalty else p.grad
                state[name].mul_(0.9).addcmul_(gradient, gradient, value=0.1)
                p.sub_(1e-3 * gradient / (state[name] + 1e-7).sqrt())

    def fit():
        accuracies, losses = [], []
        for _ in range(EPOCHS):
            net.train()
            for ids, offsets, labels in batches(*train, np.random.permutation(len(train[0]))):
                net.zero_grad()
                loss(net(ids, offsets), labels).backward()
                step()
            net.eval()
            with torch.no_grad():
                logits = [net(ids, offsets) for ids, offsets, _ in batches(*test, np.arange(len(test[0])))]
            logits, labels = torch.cat(logits), torch.from_numpy(test[1])
            accuracies.append(((logits > 0) == (labels > 0.5)).float().mean().item())
            losses.append(loss(logits, labels).item())
        return accuracies, losses

    return fit


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    path, library, name = sys.argv[1:]
    train, test = corpus(path)
    fit = {"keras": with_keras, "torch": with_torch}[library](RECIPES[name], train, test)
    cpu, wall = cpu_seconds(), time.perf_counter()
    accuracies, losses = fit()
    print(
        json.dumps(
            {
                "library": library,
                "recipe": name,
                "cpu_seconds": cpu_seconds() - cpu,
                "seconds": time.perf_counter() - wall,
                "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "mean_last5_test_accuracy": float(np.mean(accuracies[-5:])),
                "best_validation_loss": float(np.min(losses)),
            }
        )
    )


main()
