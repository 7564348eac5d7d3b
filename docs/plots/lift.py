"""A score of a column with nulls."""

import matplotlib.pyplot as plt
import numpy as np
import pyarrow as pa

import numpy_ext as nx

random = np.random.default_rng(6)
values = [None if random.random() < 0.1 and i > 12 else float(random.uniform(0, 4)) for i in range(60)]
column = pa.array(values)
i, null = np.arange(60), np.array(column.is_null())

figure, axis = plt.subplots()
styles = {"skip": {"color": "C0"}, "propagate": {"color": "C1", "linewidth": 3.5, "alpha": 0.7}}
for nulls, style in styles.items():
    scores = nx.lift(nx.rolling_score, nulls=nulls)(column)
    axis.plot(i, scores.to_numpy(zero_copy_only=False), ".-", markersize=3, label=f'nulls="{nulls}"', **style)
axis.plot(i[null], np.zeros(null.sum()), "x", color="C4", label="null")
axis.set(xlabel="row", ylim=(-0.4, 8.6))
axis.legend(ncols=3, loc="upper left")
