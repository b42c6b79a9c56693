//! Times add up, and what cannot be joined is counted.

use proptest::prelude::*;

use super::*;
use crate::driver::hops::hops_of;
use crate::plan::Bus;

/// The publisher's life of all these.
const LIFE: u64 = 7;

/// A delivery of event `number`, called at 1000, that takes these times; its stamps, but for the last hop.
fn delivery(
    hops: &[Hop],
    number: u64,
    receiver: u64,
    times_ns: &[u64],
) -> (Vec<HopStamp>, Followed) {
    let mut at_ns = 1_000;
    let mut stamps = Vec::new();
    for (hop, time_ns) in hops.iter().zip(times_ns) {
        at_ns += time_ns;
        let is_of_one = matches!(hop, Hop::BrokerQueue | Hop::SubscriberWake);
        let receiver = if is_of_one { receiver } else { 0 };
        stamps.push(HopStamp { hop: *hop, incarnation: LIFE, sequence: number, receiver, at_ns });
    }
    stamps.pop();
    let call_ns = Some(1_000);
    (stamps, Followed { incarnation: LIFE, number, receiver, call_ns, receive_ns: at_ns })
}

fn joined(stamps: &[HopStamp], followed: &[Followed]) -> Joined {
    let mut ends = Ends::default();
    ends.add(stamps);
    let mut joined = Joined::new(&Hop::ALL);
    for followed in followed {
        joined.add(&ends, followed);
    }
    joined
}

fn means(joined: &Joined) -> Vec<f64> {
    joined.times().iter().map(|times| times.mean_ns).collect()
}

/// Small numbers are exact.
fn assert_same(one: f64, other: f64) {
    assert!((one - other).abs() <= 1e-9 * one.abs().max(1.0), "{one} and {other}");
}

proptest! {
    #[test]
    fn the_hops_of_all_deliveries_add_up_to_receive_minus_call(
        bus in prop::sample::select(&[Bus::Process, Bus::Agent, Bus::Embedded, Bus::Crossbeam][..]),
        all in prop::collection::vec(prop::collection::vec(0u64..1_000_000, 7), 1..20),
    ) {
        let hops = hops_of(bus);
        let mut ends = Ends::default();
        let mut joined = Joined::new(hops);
        let mut sum_ns = 0;
        for (number, times_ns) in all.iter().enumerate() {
            let (stamps, followed) = delivery(hops, number as u64, 3, times_ns);
            // The last hop is what receives, whatever its stamp would say whom it is of.
            ends.add(&stamps);
            joined.add(&ends, &followed);
            sum_ns += followed.receive_ns - 1_000;
        }
        let (samples, mean_ns, _) = joined.whole();
        prop_assert_eq!(samples, all.len() as u64);
        assert_same(mean_ns, sum_ns as f64 / all.len() as f64);
        assert_same(means(&joined).iter().sum(), mean_ns);
        prop_assert_eq!(joined.disorder(), None);
        prop_assert_eq!(joined.unjoined(), []);
    }

    #[test]
    fn any_two_stamps_in_the_wrong_order_are_told(place in 0usize..5, times_ns in prop::collection::vec(1u64..1_000, 7)) {
        let (mut stamps, followed) = delivery(&Hop::ALL, 1, 3, &times_ns);
        let (one, other) = (stamps[place].at_ns, stamps[place + 1].at_ns);
        (stamps[place].at_ns, stamps[place + 1].at_ns) = (other, one);
        let joined = joined(&stamps, &[followed]);
        let told = joined.disorder();
        prop_assert!(told.as_ref().is_some_and(|told| told.contains("event 1 ended")), "{told:?}");
        prop_assert_eq!(joined.whole().0, 0, "it has no part in the figures");
    }
}

#[test]
fn each_hop_has_its_own_time() {
    let (stamps, followed) = delivery(&Hop::ALL, 1, 3, &[1, 2, 3, 4, 5, 6, 7]);
    let joined = joined(&stamps, &[followed]);
    assert_eq!(means(&joined), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    assert_eq!(joined.whole(), (1, 28.0, 28));
}

#[test]
fn a_missing_hop_is_counted_and_guessed_nowhere() {
    for (place, hop) in Hop::ALL[..6].iter().enumerate() {
        let (mut stamps, followed) = delivery(&Hop::ALL, 1, 3, &[9; 7]);
        stamps.remove(place);
        let joined = joined(&stamps, &[followed]);
        assert_eq!(joined.whole().0, 0);
        let (hop, why) = (*hop, WhyUnjoined::Missing);
        assert_eq!(joined.unjoined(), [Unjoined { hop, why, deliveries: 1 }]);
    }
    let (stamps, followed) = delivery(&Hop::ALL, 1, 3, &[9; 7]);
    let uncalled = joined(&stamps, &[Followed { call_ns: None, ..followed }]);
    assert_eq!(uncalled.unjoined()[0].hop, Hop::Encode);
}

#[test]
fn several_subscribers_of_an_event_share_its_way_to_the_broker_and_have_their_own_from_there() {
    let (mut stamps, near) = delivery(&Hop::ALL, 1, 3, &[1, 1, 1, 1, 10, 1, 1]);
    let (others, far) = delivery(&Hop::ALL, 1, 4, &[1, 1, 1, 1, 30, 1, 1]);
    stamps.extend(others.into_iter().filter(|stamp| stamp.receiver == 4));
    let joined = joined(&stamps, &[near, far]);
    assert_eq!(joined.unjoined(), []);
    assert_same(means(&joined)[4], 20.0);
    assert_eq!(joined.whole(), (2, 26.0, 16));
}

#[test]
fn two_ends_of_one_hop_are_counted_and_neither_is_taken() {
    let (mut stamps, followed) = delivery(&Hop::ALL, 1, 3, &[9; 7]);
    stamps.push(HopStamp { at_ns: 1, ..stamps[3] });
    let joined = joined(&stamps, &[followed]);
    let why = WhyUnjoined::Twice;
    assert_eq!(joined.unjoined(), [Unjoined { hop: Hop::Route, why, deliveries: 1 }]);
    assert_eq!(joined.whole().0, 0);
}

#[test]
fn events_of_another_life_or_number_are_others() {
    let (stamps, followed) = delivery(&Hop::ALL, 1, 3, &[9; 7]);
    let joined = joined(
        &stamps,
        &[
            Followed { incarnation: LIFE + 1, ..followed },
            Followed { number: 2, ..followed },
            Followed { receiver: 4, ..followed },
        ],
    );
    let unjoined = joined.unjoined();
    let of = |hop| unjoined.iter().find(|one| one.hop == hop).map(|one| one.deliveries);
    assert_eq!((of(Hop::Encode), of(Hop::BrokerQueue)), (Some(2), Some(1)));
}

#[test]
fn a_percentile_is_told_only_with_ten_samples_beyond_it() {
    let all = |count: u64| {
        let (stamps, followed): (Vec<_>, Vec<_>) =
            (1..=count).map(|number| delivery(&Hop::ALL, number, 3, &[number; 7])).unzip();
        joined(&stamps.concat(), &followed).times()[0].clone()
    };
    assert_eq!((all(999).p50_ns, all(999).p99_ns), (500, None));
    assert_eq!((all(1_000).p50_ns, all(1_000).p99_ns), (500, Some(990)));
}
