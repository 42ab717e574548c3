//! `parking.contact_suspected`: a moving vehicle came into contact distance of a parked one, and the parked one has moved since, or people
//! got out to look. A moment: whoever asks about a scratch later asks the near passes.
//!
//! Parameters: see `passes`, which finds them. Told in the zone in which the parked vehicle stands, its bay first, as far as that has the
//! rule.

use gridwatch_domain::{TrackId, Zone, ZoneRule};

use super::{
    Context,
    claim::{Claim, Detail, Now, Subject, Watched},
};
use crate::passes::Contact;

pub(super) fn claims<'a>(zone: &'a Zone, rule: &'a ZoneRule, context: &Context<'_>) -> Vec<Claim<'a>> {
    let of_zone = context.scene.contacts.iter().filter(|contact| {
        // The first zone that tells contacts tells this one.
        let tells = contact.zones.iter().find(|id| context.tells_contacts.contains(id));
        tells == Some(&zone.id) && zone.in_force_since(contact.parked.class, context.scene.at).is_some()
    });
    of_zone.map(|contact| claim(zone, rule, contact)).collect()
}

fn claim<'a>(zone: &'a Zone, rule: &'a ZoneRule, contact: &Contact) -> Claim<'a> {
    Claim {
        watched: Watched::zone(zone, rule),
        subject: Subject::Track(contact.passer.track.unwrap_or(TrackId(0))),
        since: contact.at,
        last_seen: contact.at,
        now: Now::Moment,
        is_credible: true,
        objects: vec![contact.parked.clone(), contact.passer.clone()],
        detail: Detail {
            distance: Some(contact.distance),
            distance_m: contact.distance_m,
            ..Detail::default()
        },
    }
}
