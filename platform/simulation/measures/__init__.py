"""Figures of a behaviour log and of a market's tables, to set a simulated market beside a real one.

    figures(userbehavior.read(file))      of any log in the UserBehavior format
    market()                              of the market this connection is in

Each row is a `Figure`: name, value, and the 95 % interval that the sample of users (or of shops) leaves open.
What is compared with what, and how near is near enough: `bench/calibration.toml`.
"""

from simulation.measures.figure import Figure as Figure
from simulation.measures.log import figures as figures
from simulation.measures.log import window as window
from simulation.measures.market import market as market
from simulation.measures.popularity import expected_top as expected_top
