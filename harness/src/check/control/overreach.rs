//! A1 and A3: a member is refused what it may not, and nothing else, in words that name its role and
//! what it asked for (A5).

use super::seen::Seen;
use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::access::{may_publish, may_subscribe};
use crate::plan::control::{Overreach, Step};
use crate::record::{Fact, Noter};

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    for (_, step, span) in seen.steps() {
        let Step::Overstep { member, wanted, .. } = step else { continue };
        let own = &seen.case.control.members[*member];
        let (may, asked, verb) = match wanted {
            Overreach::Publish(topic) => (may_publish(own.role, topic), topic, "publish on"),
            Overreach::Subscribe(pattern) => {
                (may_subscribe(own.role, &own.name, pattern), pattern, "subscribe to")
            }
        };
        for noted in seen.during(span, Noter::Member(*member)) {
            let Fact::Overstepped { refusal } = &noted.fact else { continue };
            let holds = match refusal {
                None => may,
                Some(words) => {
                    !may && [&own.role.to_string(), asked].iter().all(|word| words.contains(*word))
                }
            };
            found.holds(Check::Overreach, holds, || {
                let Some(words) = refusal else {
                    return format!("{} asked to {verb} {asked} and was not refused", own.name);
                };
                let why = if may { "though it may" } else { "which does not say who may not what" };
                format!("{} asked to {verb} {asked} and was told {words:?}, {why}", own.name)
            });
        }
    }
}
