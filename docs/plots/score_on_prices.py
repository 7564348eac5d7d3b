"""A market index in the crash of 2008, and its score."""

from pathlib import Path

import matplotlib.dates
import matplotlib.pyplot as plt
import pandas as pd
import pyarrow.parquet

import numpy_ext as nx

table = pyarrow.parquet.read_table(Path(nx.__file__).parent / "data" / "market_closes.parquet").to_pandas()
table["date"] = pd.to_datetime(table["date"])
closes = table[table["index"] == "S&P 500"].set_index("date")["close"]
scores = closes.pipe(nx.rolling_score)

figure, axis = plt.subplots(figsize=(4.4, 3))
axis.plot(scores["2008-07":"2008-12"], ".-", color="C1", linewidth=0.8, markersize=4, label="rolling_score")
axis.plot(closes["2008-07":"2008-12"], color="C0", linewidth=2.5, label="S&P 500, daily closes")
axis.xaxis.set_major_formatter(matplotlib.dates.DateFormatter("%b\n%Y"))
axis.legend()
