//! `area.crowd`: so many are in an area at once, for a while.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | crowd | – | 2 – 1000 | how many are too many is for whoever knows the place to say |
//! | limit | 30 s | 1 s – 30 days | a group that walks by is gone by then |
//! | clear | 10 s | 1 s – 1 h | people hide each other: it is over when fewer were seen for this long |

use gridwatch_domain::{Zone, ZoneRule};

use super::{Context, claim::Claim, intrusion, lasting::AllLasting};

pub(super) fn claim<'a>(
    zone: &'a Zone,
    rule: &'a ZoneRule,
    context: &Context<'_>,
    lasting: &mut AllLasting,
) -> Option<Claim<'a>> {
    let there = intrusion::inside(zone, context);
    intrusion::of_many(zone, rule, context, lasting, &there, rule.least)
}
