//! The suite proves itself: each deliberately broken bus must fail the case that guards its fault,
//! and the sound one behind the same wrapper must pass it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::EventBus;
use daemoneye_eventbus::conformance::{
    Conditions, Fixture, Queue, Stall, Subject, Traits, cases, run,
};
use legacy_buses::broken::{BrokenBus, Fault};
use legacy_buses::crossbeam::{CrossbeamConfig, LocalEventBus};
use libtest_mimic::{Arguments, Trial};

/// Events in the central queue: small, so that a stalled bus fills at once.
const CENTRAL_CAPACITY_EVENTS: usize = 8;
/// How long a fixture may take to hand over what a case left in the bus.
const CLOSE_LIMIT: Duration = Duration::from_millis(200);

/// Faults with the case that must catch them. The others of [`Fault::ALL`] need several processes'
/// worth of traffic, or a wait as long as a case's limit: the harness's scenarios catch those.
const GUARDS: &[(Fault, &str)] = &[
    (Fault::LosesOneInFive, "every_matching_event_arrives_at_every_subscriber"),
    (Fault::LosesTheFirst, "every_matching_event_arrives_at_every_subscriber"),
    (Fault::DeliversTwice, "every_matching_event_arrives_at_every_subscriber"),
    (Fault::SwapsNeighbours, "each_publishers_order_is_kept"),
    (Fault::SwapsForOneSubscriber, "two_subscribers_agree_on_the_order"),
    (Fault::DeliversForeignTopics, "foreign_events_do_not_arrive"),
    (Fault::DeliversOneForeign, "foreign_events_do_not_arrive"),
    (Fault::HashNeedsALevel, "patterns_follow_the_truth_table"),
    (Fault::PlusTakesMany, "patterns_follow_the_truth_table"),
    (Fault::IgnoresTypes, "event_filters_select_by_each_field"),
    (Fault::IgnoresPids, "event_filters_select_by_each_field"),
    (Fault::IgnoresPriority, "event_filters_select_by_each_field"),
    (Fault::IgnoresSources, "an_event_without_priority_counts_as_normal"),
    (Fault::IgnoresMetadata, "event_filters_select_by_each_field"),
    (Fault::IgnoresExcludes, "topic_filters_exclude_before_they_include"),
    (Fault::IgnoresIncludes, "topic_filters_exclude_before_they_include"),
    (Fault::IgnoresCorrelationIds, "correlation_filters_select_by_each_field"),
    (Fault::IgnoresIdPrefixes, "correlation_filters_select_by_each_field"),
    (Fault::IgnoresParents, "correlation_filters_select_by_each_field"),
    (Fault::IgnoresRoots, "correlation_filters_select_by_each_field"),
    (Fault::IgnoresStages, "correlation_filters_select_by_each_field"),
    (Fault::IgnoresAllTags, "correlation_filters_select_by_each_field"),
    (Fault::IgnoresAnyTags, "correlation_filters_select_by_each_field"),
    (Fault::IgnoresSequences, "correlation_filters_select_by_each_field"),
    (Fault::IgnoresProcessIds, "correlation_filters_select_by_each_field"),
    (Fault::UnsubscribesLate, "nothing_arrives_after_unsubscribing"),
    (Fault::NeverUnsubscribes, "nothing_arrives_after_unsubscribing"),
    (Fault::ReplacesDuplicateIds, "a_duplicate_id_is_refused_and_the_first_untouched"),
    (Fault::EvictsAtTheLimit, "the_subscriber_limit_refuses_and_evicts_nobody"),
    (Fault::RefusesForAnotherReason, "malformed_subscriptions_are_refused"),
    // What never comes takes a case's whole limit to see; neighbours wait for it together.
    (Fault::KeepsDeadReceivers, "a_dropped_receiver_is_removed_and_disturbs_nobody"),
    (Fault::NeverEndsReceivers, "what_was_queued_when_unsubscribing_can_still_be_received"),
    (Fault::TruncatesCorrelation, "a_given_correlation_is_preserved"),
    (Fault::InventsCorrelation, "a_given_correlation_is_preserved"),
    (Fault::GivesEveryEventOneRoot, "a_missing_correlation_becomes_a_fresh_root"),
    (Fault::JoinsArguments, "every_field_of_every_kind_arrives"),
    (Fault::CutsTimestamps, "every_field_of_every_kind_arrives"),
    (Fault::EmptyTextBecomesAbsent, "extreme_values_and_empty_texts_arrive"),
    (Fault::CountsOneTooMany, "publishing_to_nobody_succeeds_and_counts"),
    (Fault::CountsTwice, "figures_add_up_at_rest"),
    (Fault::HidesDrops, "figures_add_up_at_rest"),
    (Fault::HidesLag, "drop_newest_loses_only_its_own_newest"),
    (Fault::InventsLag, "drop_newest_loses_only_its_own_newest"),
    (Fault::ClosesGaps, "drop_newest_loses_only_its_own_newest"),
    (Fault::DropsInsteadOfBlocking, "block_makes_publishers_wait_and_loses_nothing"),
    (Fault::DropsNewestForOldest, "drop_oldest_loses_only_its_own_oldest"),
    (Fault::DropsOldestForNewest, "drop_newest_loses_only_its_own_newest"),
    (Fault::NeverOpensTheCircuit, "an_open_circuit_refuses_until_its_cool_down"),
    (Fault::CoolsDownAtOnce, "an_open_circuit_refuses_until_its_cool_down"),
    (Fault::OneMorePlace, "drop_newest_loses_only_its_own_newest"),
    (Fault::DiscardsAtShutdown, "everything_accepted_arrives_before_the_end"),
    (Fault::PublishesAfterShutdown, "after_shutdown_everything_new_is_refused"),
];

#[derive(Clone, Copy)]
struct Broken(Fault);

struct OneBus(Arc<BrokenBus>);

#[async_trait]
impl Subject for Broken {
    fn name(&self) -> String {
        format!("{:?}", self.0)
    }

    fn traits(&self) -> Traits {
        Traits {
            stall: Stall::Exact { beyond_capacity: CENTRAL_CAPACITY_EVENTS + 1 },
            queue: Queue::Exact,
            drops_oldest: true,
            several_connections: false,
        }
    }

    async fn open(&self, conditions: Conditions) -> Box<dyn Fixture> {
        let sound = LocalEventBus::new(&CrossbeamConfig {
            central_capacity: Some(CENTRAL_CAPACITY_EVENTS),
            subscriber_limit: conditions.subscriber_limit,
            publish_limit: conditions.publish_limit,
            ..CrossbeamConfig::default()
        });
        let sound = sound.expect("the configuration is valid");
        Box::new(OneBus(Arc::new(BrokenBus::new(Arc::new(sound), self.0))))
    }
}

#[async_trait]
impl Fixture for OneBus {
    async fn handle(&self, _name: &str) -> Arc<dyn EventBus> {
        Arc::clone(&self.0) as Arc<dyn EventBus>
    }

    async fn close(&self) {
        let _ = self.0.shutdown(CLOSE_LIMIT).await;
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let caught = GUARDS.iter().map(|(fault, guard)| {
        Trial::test(format!("{guard}_catches_{fault:?}"), move || Ok(check(*fault, guard)?))
    });
    // Else a case that fails on any bus behind the wrapper would count as a catch.
    let guards: BTreeSet<&str> = GUARDS.iter().map(|(_, guard)| *guard).collect();
    let passed = guards.into_iter().map(|guard| {
        let name = format!("{guard}_passes_on_the_sound_bus_behind_the_same_wrapper");
        Trial::test(name, move || Ok(check(Fault::Nothing, guard)?))
    });
    libtest_mimic::run(&arguments, caught.chain(passed).collect()).exit();
}

/// The sound bus must pass the case, every other must fail it.
fn check(fault: Fault, guard: &str) -> Result<(), String> {
    let all = cases();
    let case = all.iter().find(|case| case.name() == guard);
    let case = case.ok_or_else(|| format!("there is no case {guard}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let outcome = runtime.block_on(run(case, &Broken(fault)));
    match (fault, outcome) {
        (Fault::Nothing, outcome) => outcome,
        (_, Err(_)) => Ok(()),
        (_, Ok(())) => Err(format!("{guard} passes on a bus with the fault {fault:?}")),
    }
}
