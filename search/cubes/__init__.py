"""The keyword market (DataCubes): what is searched for, what clicks on it cost, and what a bid would have brought."""
