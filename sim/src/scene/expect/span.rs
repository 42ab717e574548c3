//! Spans of time in which something holds. Pure.

/// From when until when, in seconds.
pub(crate) type Span = [f64; 2];

/// Seconds between the instants that are looked at.
pub(crate) const STEP_S: f64 = 0.04;

/// The spans between `from_s` and `until_s` in which `holds`, looked at every [`STEP_S`].
pub(crate) fn spans([from_s, until_s]: Span, mut holds: impl FnMut(f64) -> bool) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut before = false;
    for step in 0..=((until_s - from_s) / STEP_S).round() as u32 {
        let at_s = (from_s + f64::from(step) * STEP_S).min(until_s);
        let now = holds(at_s);
        match found.last_mut() {
            Some(span) if now && before => span[1] = at_s,
            _ if now => found.push([at_s, at_s]),
            _ => {}
        }
        before = now;
    }
    found
}

/// Spans put together where less than `gap_s` lies between one and the next; in order of their beginnings.
pub(crate) fn merged(mut spans: Vec<Span>, gap_s: f64) -> Vec<Span> {
    spans.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span[0] - last[1] < gap_s => last[1] = last[1].max(span[1]),
            _ => merged.push(span),
        }
    }
    merged
}

/// The spans in which so many of the given ones hold at once.
pub(crate) fn at_least(count: usize, spans: &[Span]) -> Vec<Span> {
    let begins = spans.iter().map(|span| (span[0], 1_i32));
    let mut changes: Vec<(f64, i32)> = begins.chain(spans.iter().map(|span| (span[1], -1))).collect();
    // One that begins when another ends is there before that one is gone.
    changes.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let (mut there, mut found) = (0, Vec::new());
    let least = i32::try_from(count).unwrap_or(i32::MAX);
    for (at_s, change) in changes {
        if change > 0 && there + 1 == least {
            found.push([at_s, at_s]);
        } else if change < 0
            && there == least
            && let Some(last) = found.last_mut()
        {
            last[1] = at_s;
        }
        there += change;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans_of_tenths() -> impl Strategy<Value = Vec<Span>> {
        let span = (0..200_u32, 1..60_u32)
            .prop_map(|(from, length)| [from, from + length].map(|at| f64::from(at) / 10.0));
        prop::collection::vec(span, 0..12)
    }

    proptest! {
        #[test]
        fn so_many_hold_within_what_is_found_and_nowhere_else(spans in spans_of_tenths(), count in 1..5_usize) {
            let found = at_least(count, &spans);
            for tenth in 0..270_u32 {
                // Between the tenths, where nothing begins or ends.
                let at_s = f64::from(tenth) / 10.0 + 0.05;
                let is_in = |span: &&Span| span[0] <= at_s && at_s < span[1];
                let holds = spans.iter().filter(is_in).count() >= count;
                prop_assert_eq!(found.iter().any(|span| is_in(&span)), holds, "at {}: {:?}", at_s, found);
            }
        }

        #[test]
        fn what_is_merged_is_in_order_and_leaves_nothing_out(spans in spans_of_tenths(), gap_tenths in 0..80_u32) {
            let gap_s = f64::from(gap_tenths) / 10.0;
            let whole = merged(spans.clone(), gap_s);
            prop_assert!(whole.windows(2).all(|pair| pair[1][0] - pair[0][1] >= gap_s));
            for span in &spans {
                prop_assert!(whole.iter().any(|one| one[0] <= span[0] && span[1] <= one[1]));
            }
        }
    }

    #[test]
    fn what_holds_is_found_and_short_gaps_are_bridged() {
        let found = spans([0.0, 10.0], |at_s| (1.0..=3.0).contains(&at_s) || at_s >= 8.0);
        assert_eq!(found.len(), 2);
        assert!((found[0][0] - 1.0).abs() < 0.05 && (found[0][1] - 3.0).abs() < 0.05, "{found:?}");
        assert_eq!(merged(found.clone(), 4.0), found);
        assert_eq!(merged(found.clone(), 6.0), [[found[0][0], found[1][1]]]);
    }

    #[test]
    fn so_many_at_once() {
        let three = [[0.0, 10.0], [2.0, 6.0], [4.0, 12.0]];
        assert_eq!(at_least(1, &three), [[0.0, 12.0]]);
        assert_eq!(at_least(2, &three), [[2.0, 10.0]]);
        assert_eq!(at_least(3, &three), [[4.0, 6.0]]);
        assert_eq!(at_least(4, &three), [[0.0; 2]; 0]);
        assert_eq!(at_least(1, &[[0.0, 2.0], [2.0, 3.0], [5.0, 6.0]]), [[0.0, 3.0], [5.0, 6.0]]);
    }
}
