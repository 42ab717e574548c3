//! Tells a stream from noise: how much of what arrives comes out of the decoder whole.
//!
//! A decoder makes a picture of some noise, now and then, and conceals what it could not read; so one picture proves
//! nothing. Pure: counts only, so that a busy machine, on which everything comes late, judges no differently.

/// Fewer pictures than this say nothing about a stream: some may still be in the decoder.
const FEWEST: u64 = 8;
/// Pictures after which a stream is judged again, about two seconds of them; groups of pictures are as long, and a lost
/// one costs pictures up to the next.
const WINDOW: u64 = 50;
/// Whole pictures that a stream must show after one that was noise, before it is trusted.
const PROOF: u64 = 5;

/// Pictures that arrived in a stream, and those that were decoded whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) arrived: u64,
    pub(crate) whole: u64,
}

impl Tally {
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self { arrived: self.arrived - earlier.arrived, whole: self.whole - earlier.whole }
    }

    /// Whether nothing came of what arrived. One picture says nothing: at rest there may be no other, and it may still be in the
    /// decoder.
    pub(crate) fn is_mute(self) -> bool {
        self.arrived > 1 && self.whole == 0
    }

    /// Whether less than half of what arrived could be decoded.
    pub(crate) fn is_noise(self) -> bool {
        self.arrived >= FEWEST && self.whole * 2 < self.arrived
    }
}

/// What came of a stream since the last time that something did.
#[derive(Debug)]
pub(crate) struct Lately(Tally);

impl Lately {
    /// From `tally` on.
    pub(crate) fn new(tally: Tally) -> Self {
        Self(tally)
    }

    /// What came until now.
    pub(crate) fn until(&mut self, tally: Tally) -> Tally {
        let came = tally.since(self.0);
        if came.whole > 0 {
            self.0 = tally;
        }
        came
    }
}

/// Judges one stream from its start on.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    tally: Tally,
    /// The tally when the first whole picture came; what arrived before it was waiting for a key picture.
    begun: Option<Tally>,
    /// The tally at the last judgement.
    judged: Tally,
    on_probation: bool,
    trusted: bool,
}

impl Judge {
    /// `on_probation`: the stream before was noise.
    pub(crate) fn new(on_probation: bool) -> Self {
        Self { on_probation, ..Self::default() }
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// Whether pictures of the stream may be shown.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// A picture arrived. Says what came of those of the last window when most of it was noise.
    pub(crate) fn arrived(&mut self) -> Option<Tally> {
        self.tally.arrived += 1;
        self.begun?;
        let window = self.tally.since(self.judged);
        if window.arrived < WINDOW {
            return None;
        }
        self.judged = self.tally;
        window.is_noise().then_some(window)
    }

    /// A picture was decoded whole. Says whether the stream is trusted from now on, once.
    pub(crate) fn decoded_whole(&mut self) -> bool {
        let before = self.tally;
        self.tally.whole += 1;
        let begun = *self.begun.get_or_insert_with(|| {
            self.judged = before;
            before
        });
        let shown = self.tally.since(begun);
        let proven = !self.on_probation || (shown.whole >= PROOF && !shown.is_noise());
        let is_news = proven && !self.trusted;
        self.trusted |= proven;
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a stream: `+` a picture that is decoded whole, `-` one that is not. Gives the numbers of the pictures at
    /// which it was trusted and judged noise.
    fn feed(on_probation: bool, pictures: impl IntoIterator<Item = char>) -> (Option<usize>, Option<usize>) {
        let mut judge = Judge::new(on_probation);
        let (mut trusted, mut noise) = (None, None);
        for (number, picture) in pictures.into_iter().enumerate() {
            if judge.arrived().is_some() {
                noise.get_or_insert(number);
            }
            if picture == '+' && judge.decoded_whole() {
                assert_eq!(trusted.replace(number), None, "trusted twice");
            }
        }
        (trusted, noise)
    }

    /// Noise of which every so many pictures seem whole.
    fn noise(every: usize) -> impl Iterator<Item = char> {
        (0..200).map(move |picture| if picture % every == every - 1 { '+' } else { '-' })
    }

    fn whole(pictures: usize) -> impl Iterator<Item = char> {
        std::iter::repeat_n('+', pictures)
    }

    #[test]
    fn a_stream_at_rest_is_not_mute_while_its_only_picture_is_in_the_decoder() {
        let tally = |arrived, whole| Tally { arrived, whole };
        // One look in each window; the third one's picture comes out in the next.
        let mut lately = Lately::new(tally(0, 0));
        for at_the_end in [tally(1, 1), tally(2, 2), tally(3, 2), tally(3, 3), tally(4, 4)] {
            assert!(!lately.until(at_the_end).is_mute(), "{at_the_end:?}");
        }
        // From then on nothing comes of anything, however seldom it is looked at.
        assert!(!lately.until(tally(5, 4)).is_mute());
        assert!(!lately.until(tally(5, 4)).is_mute());
        assert!(lately.until(tally(6, 4)).is_mute());
    }

    #[test]
    fn a_clean_stream_is_trusted_at_once_and_never_judged_noise() {
        assert_eq!(feed(false, whole(500)), (Some(0), None));
    }

    #[test]
    fn the_wait_for_the_first_key_picture_is_no_noise() {
        let joined_late = std::iter::repeat_n('-', 240).chain(whole(200));
        assert_eq!(feed(false, joined_late), (Some(240), None));
    }

    #[test]
    fn noise_after_pictures_is_noticed_within_two_windows() {
        for every in [3, 5, 20, 1000] {
            let (trusted, noticed) = feed(false, whole(120).chain(noise(every)));
            assert_eq!(trusted, Some(0));
            assert!((121..=220).contains(&noticed.expect("noticed")), "every {every}: {noticed:?}");
        }
    }

    #[test]
    fn a_lost_group_now_and_then_is_no_noise() {
        let lossy = whole(60).chain(std::iter::repeat_n('-', 20)).chain(whole(60));
        assert_eq!(feed(false, lossy), (Some(0), None));
    }

    #[test]
    fn after_noise_one_picture_is_no_proof() {
        assert_eq!(feed(true, whole(1).chain(noise(10))).0, None);
        assert_eq!(feed(true, whole(50)).0, Some(PROOF as usize - 1));
        assert!(feed(true, whole(1).chain(noise(10))).1.is_some(), "it is judged all the same");
    }

    #[test]
    fn slow_cameras_are_judged_by_what_came() {
        assert!(!Tally { arrived: 5, whole: 0 }.is_noise(), "too few to say");
        assert!(Tally { arrived: 10, whole: 1 }.is_noise());
        assert!(!Tally { arrived: 10, whole: 6 }.is_noise(), "some are still in the decoder");
    }
}
