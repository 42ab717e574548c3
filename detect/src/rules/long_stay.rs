//! `parking.long_stay`: a vehicle in a bay or an aisle has not moved for days.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | limit | 15 days | 1 s – 30 days | longer than most journeys; what stands for so long is asked after |

use gridwatch_domain::{Zone, ZoneRule, ZoneType};

use super::{Context, claim::Claim, overstay, standing};

pub(super) fn claims<'a>(zone: &'a Zone, rule: &'a ZoneRule, context: &Context<'_>) -> Vec<Claim<'a>> {
    if zone.zone_type == ZoneType::Bay {
        return overstay::in_bay(zone, rule, context).collect();
    }
    standing::of_places(zone, rule, context, |place| context.bays.of_place(place).is_none())
}
