//! Processes that misbehave, played by a script: what the driver makes of each.

use daemoneye_eventbus::EventSubscription;

use super::*;
use crate::driver::played;
use crate::plan::{SubscriberSpec, TrialKind};
use crate::record::CollectorReport;

/// A collector that ends in order, having told so.
const IN_ORDER: &str = r#"echo '{"Ok":{"ended":{"accepted":0,"published":0,"lost":0,"backpressure_episodes":0,"error":null,"sources":[]}}}'; exit 0"#;
/// A host that tells what has arrived: nothing.
const NOTHING: &str = r#"echo '{"Ok":{"received":0}}'"#;
/// Both, but for what a test says of them.
const BOTH: &str = r#"#!/bin/sh
read assignment
if [ "$2" = collector ]; then
  echo '{"Ok":{"ready":{"token":null}}}'
  read order
  WHEN_STOPPED
fi
echo '{"Ok":{"ready":{"token":"00"}}}'
while read order; do
  case "$order" in
    '"look"') WHEN_LOOKED_AT;;
    '"ask-health"') echo '{"Ok":{"health":[]}}';;
    '"leave"') echo '{"Ok":{"record":[]}}'; exit WHEN_LEFT;;
  esac
done
"#;

/// What comes of a collector that does this when it is asked to end, and of a host that does this
/// when it is looked at and ends with this code.
fn driven(
    when_stopped: &str,
    when_looked_at: &str,
    when_left: &str,
) -> Result<ChaosDriven, DriveError> {
    let folder = tempfile::tempdir().expect("a folder");
    let text = BOTH.replace("WHEN_STOPPED", when_stopped);
    let text = text.replace("WHEN_LOOKED_AT", when_looked_at).replace("WHEN_LEFT", when_left);
    let both = played::script(folder.path(), "both", &text);
    let subscription = EventSubscription::new("agent").with_pattern("events.#");
    let subscribers = vec![SubscriberSpec::bare(subscription)];
    let case = Case::bare("chaos/played", Vec::new(), subscribers);
    let case = Case { kind: TrialKind::Chaos, ..case };
    let (_teller, interrupt) = Interrupt::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(run_chaos(&both, (&case, Bus::Process), interrupt))
}

#[test]
fn processes_that_end_in_order_leave_nothing() {
    let driven = driven(IN_ORDER, NOTHING, "0").expect("driven");
    assert_eq!(driven.history.end, AgentEnd::InOrder);
    assert_eq!(driven.history.report, Some(CollectorReport::default()));
    assert_eq!(driven.tear_down, TearDown::default());
}

#[test]
fn a_collector_that_dies_is_part_of_what_was_seen_with_how_it_did_and_its_last_words() {
    let driven = driven("echo 'out of memory' >&2; exit 3", NOTHING, "0").expect("driven");
    let (how, last_words) = ("ended unasked: exit status: 3", "out of memory");
    let end = AgentEnd::Failed { how: how.to_owned(), last_words: last_words.to_owned() };
    assert_eq!(driven.history.end, end);
    assert_eq!(driven.history.report, None);
}

#[test]
fn a_host_that_dies_is_an_error() {
    let told = driven(IN_ORDER, "exit 5", "0").expect_err("the host dies").to_string();
    assert_eq!(told, "actor host ended unasked: exit status: 5");
}

#[test]
fn a_host_that_fails_after_its_goodbye_is_told_beside_the_collector_s_end() {
    let driven = driven(IN_ORDER, NOTHING, "1").expect("driven");
    assert_eq!(driven.history.end, AgentEnd::InOrder);
    assert_eq!(driven.tear_down.failed, ["the host of the bus ended with exit status: 1: "]);
}
