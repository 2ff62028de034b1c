//! What must be true of an interval whatever the sample, of both kinds.

use proptest::prelude::*;

use crate::stats::order::Sorted;
use crate::stats::{Confidence, Interval, sign, signed_rank};

type Kind = fn(&Sorted, Confidence) -> Option<Interval<f64>>;
const KINDS: [Kind; 2] = [sign::interval, signed_rank::interval];

fn found(kind: Kind, values: &[f64], share: f64) -> Interval<f64> {
    let sample = Sorted::new(values.iter().copied()).expect("finite values");
    let confidence = Confidence::new(share).expect("a valid share");
    kind(&sample, confidence).expect("eight are enough")
}

proptest! {
    #[test]
    fn an_interval_holds_its_estimate_and_grows_with_confidence(
        values in prop::collection::vec(-1e3..1e3f64, 8..100),
        (less, more) in (0.5..0.99f64, 0.5..0.99f64).prop_map(|(a, b)| (a.min(b), a.max(b))),
    ) {
        for kind in KINDS {
            let [narrow, wide] = [less, more].map(|share| found(kind, &values, share));
            for found in [narrow, wide] {
                prop_assert!(found.low <= found.estimate && found.estimate <= found.high);
            }
            prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
            prop_assert!(narrow.confidence.share() >= less - 1e-9);
            prop_assert!(wide.confidence.share() >= narrow.confidence.share());
        }
    }

    #[test]
    fn an_interval_moves_and_scales_with_the_sample(
        values in prop::collection::vec(-1e3..1e3f64, 8..60),
        shift in -1e3..1e3f64,
        scale in 1e-3..1e3f64,
    ) {
        let moved: Vec<f64> = values.iter().map(|value| scale * value + shift).collect();
        for kind in KINDS {
            let wanted = found(kind, &values, 0.99).map(|value| scale * value + shift);
            let after = found(kind, &moved, 0.99);
            for (found, wanted) in [
                (after.low, wanted.low),
                (after.estimate, wanted.estimate),
                (after.high, wanted.high),
            ] {
                prop_assert!((found - wanted).abs() <= 1e-9 * (1.0 + scale * 1e3 + shift.abs()));
            }
        }
    }

    #[test]
    fn turning_every_sign_mirrors_an_interval(
        values in prop::collection::vec(-1e3..1e3f64, 8..60),
    ) {
        let turned: Vec<f64> = values.iter().map(|value| -value).collect();
        for kind in KINDS {
            let (one, other) = (found(kind, &values, 0.99), found(kind, &turned, 0.99));
            prop_assert_eq!(
                (other.low, other.estimate, other.high),
                (-one.high, -one.estimate, -one.low)
            );
        }
    }
}
