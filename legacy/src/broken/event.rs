//! What happens to an event and its correlation on their way in.

use daemoneye_eventbus::{CollectionEvent, CorrelationMetadata};

use super::Fault;

/// Nanoseconds in a second, to which stamps are cut.
const SECOND_NS: u64 = 1_000_000_000;

/// Damages an event.
pub(super) fn damage(fault: Fault, event: &mut CollectionEvent) {
    match (fault, event) {
        (Fault::JoinsArguments, CollectionEvent::Process(event)) => {
            event.arguments = vec![event.arguments.join(" ").into()];
        }
        (Fault::CutsTimestamps, event) => {
            let stamp = &mut event.header_mut().observed_unix_ns;
            *stamp -= *stamp % SECOND_NS;
        }
        (Fault::EmptyTextBecomesAbsent, CollectionEvent::Process(event)) => {
            event.executable_path.take_if(|path| path.is_empty());
        }
        _ => {}
    }
}

/// Damages a correlation, or makes one.
pub(super) fn damage_correlation(
    fault: Fault,
    given: Option<CorrelationMetadata>,
) -> Option<CorrelationMetadata> {
    match (fault, given) {
        (Fault::TruncatesCorrelation, Some(given)) => Some(CorrelationMetadata::root(given.id)),
        (Fault::InventsCorrelation, _) => None,
        (Fault::GivesEveryEventOneRoot, None) => Some(CorrelationMetadata::root("root")),
        (_, given) => given,
    }
}
