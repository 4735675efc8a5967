"""Trains the article's nets in Keras and PyTorch on the corpus that edgefit trains on, and prints what it took as JSON.

Run by `cargo xtask bench train`, which installs the libraries into a throwaway environment and writes the corpus. By hand:

    python reference.py FOLDER keras baseline

FOLDER holds, for `train` and `test`, `.rows` (the distinct row ids of all documents, one after the other, u16), `.offsets` (where
each document begins and the last one ends, u32) and `.labels` (u16), all little endian. Each net is validated on the test documents
after each epoch, as edgefit does it. Loading the data is apart.
"""

import json
import pathlib
import resource
import sys
import time

import numpy as np

VOCABULARY, EPOCHS, BATCH = 10_000, 20, 512
RECIPES = {
    "baseline": dict(hidden=(16, 16)),
    "smaller": dict(hidden=(4, 4)),
    "l2": dict(hidden=(16, 16), l2=1e-3),
    "dropout": dict(hidden=(16, 16), dropout=0.5),
    "much-bigger": dict(hidden=(512, 512)),
}


def corpus(folder, half):
    """A list of arrays of distinct row ids, and an array of labels."""

    def column(name, kind):
        return np.fromfile(pathlib.Path(folder, f"{half}.{name}"), kind)

    offsets = column("offsets", "<u4").astype(np.int64)
    rows = np.split(column("rows", "<u2").astype(np.int64), offsets[1:-1])
    return rows, column("labels", "<u2").astype(np.float32)


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

    # More threads spin while they wait, which would count against it.
    torch.set_num_threads(1)

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
    folder, library, name = sys.argv[1:]
    train, test = corpus(folder, "train"), corpus(folder, "test")
    fit = {"keras": with_keras, "torch": with_torch}[library](RECIPES[name], train, test)
    cpu, wall = cpu_seconds(), time.perf_counter()
    accuracies, losses = fit()
    result = {
        "cpu_seconds": cpu_seconds() - cpu,
        "seconds": time.perf_counter() - wall,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "mean_last5_test_accuracy": float(np.mean(accuracies[-5:])),
        "best_validation_loss": float(np.min(losses)),
    }
    print(json.dumps(result))


main()
