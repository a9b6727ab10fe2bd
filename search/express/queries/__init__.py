"""What is read of keyword ads: `things` that were set up, `clicks` and their bill, `explain`, `report`, `audit`."""
