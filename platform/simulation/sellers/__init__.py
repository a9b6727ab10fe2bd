"""stub"""

from common.batch import rows
from shops.actions.shipping import Ship
from simulation.intents import Wish


def turn(scene):
    return [
        Wish(0, "ship", Ship(r[0], carrier="EMS", tracking_no=f"x{r[0]}"))
        for r in rows(
            "SELECT o.id FROM shops_order o WHERE status='paid' AND paid_at < %s - interval '10 hours' ORDER BY id",
            [scene.at],
        )
    ]
