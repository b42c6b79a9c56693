//! Asking a broker who is connected and what they subscribe to, page by page.

use super::EventBusClient;
use crate::contract::{BrokerInspection, InspectError, InspectionQuery};

/// Answers asked for at most; at 1 MiB each that is more than any broker's limits let it have.
const MAX_PAGES: usize = 128;

impl EventBusClient {
    /// Everything asked for. What does not fit one answer is asked for again, so rows of a busy
    /// broker are of several moments: one that came or went meanwhile may be missing.
    ///
    /// Each answer may take the request limit. Cancel safe.
    pub async fn inspect(&self, query: &InspectionQuery) -> Result<BrokerInspection, InspectError> {
        let mut query = query.clone();
        let mut inspection = self.link.inspect(&query).await?;
        for _ in 1..MAX_PAGES {
            if !inspection.is_cut() {
                break;
            }
            query = inspection.next_query(&query);
            let next = self.link.inspect(&query).await?;
            if !inspection.append(next, query.sections) {
                break;
            }
        }
        Ok(inspection)
    }
}
