"""The track of a hurricane: its mean position, and the speed of its center."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx
from numpy_ext import records

track = np.genfromtxt(
    Path(nx.__file__).parent / "data" / "katrina.csv", delimiter=",", names=True, dtype=None, encoding="utf-8"
)
place = track[["latitude", "longitude"]]
mean = records.mean(place)
hours = np.diff(track["time"]) / 3600
velocity = records.divide(records.subtract(place[1:], place[:-1]), hours)
turn = records.dot(velocity[1:], velocity[:-1]) / (records.norm(velocity[1:]) * records.norm(velocity[:-1]))

figure, axes = plt.subplots(1, 2, figsize=(5.6, 2.8))
axes[0].plot(place["longitude"], place["latitude"], ".-", markersize=4)
axes[0].plot(mean["longitude"], mean["latitude"], "x", color="C1")
axes[0].text(mean["longitude"] + 1, mean["latitude"], "mean", color="C1")
axes[0].set(xlabel="longitude", ylabel="latitude")
days = (track["time"][1:] - track["time"][0]) / 86400
axes[1].plot(days, records.norm(velocity), label="norm: degrees an hour")
axes[1].plot(days[1:], turn, label="dot: cosine of the turn")
axes[1].set(xlabel="days", ylim=(-0.5, 1.6))
axes[1].legend()
