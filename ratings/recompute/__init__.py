"""Each cached number of this app as a statement that can rebuild it.

`decisions`: what each verdict counts (caps of a pair).
`credit`: what a member's verdicts and stars add up to.
`indices`: what is published of it. `daily`: the run that brings all three up to a day.
"""
