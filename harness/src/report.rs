//! What a run comes to: files to keep, a table to read, an exit code to act on.
//!
//! METHOD §8. Everything is derived from one [`Run`], the complete and serialisable record; what
//! people read says nothing that is not in it, but for the kill matrix beside it. Nothing here measures, and verdicts are the gate's.
//!
//! In the order to read:
//!
//! - `run`, `timeline`: the record, and the JSON Schema of it; `chronicle`: a history line by line;
//! - `answer`, `exit`: switch or not, and the exit code;
//! - `sides`: what the two buses of a comparison are called;
//! - `figure`, `stamp`, `divergences`, `curves`, `hops`, `not_run`, `again`, `alignment`, `table`, `ledger`, `summary`: for people;
//! - `picture`: what is drawn; `html`: the page for a browser;
//! - `junit`, `annotations`: for the tools of a CI;
//! - `comparison`: two reports beside each other; `kept`: what is kept of runs to be compared with;
//! - `ending`: what became of one case; `kills`: whether the checks themselves are to be believed;
//! - `host`, `revision`: where and what was run;
//! - `layout`, `write`, `read`: where files lie, putting them there and taking them back;
//! - `progress`: what is seen while it runs.

mod again;
mod alignment;
mod annotations;
mod answer;
mod chronicle;
mod comparison;
mod curves;
mod divergences;
mod ending;
mod exit;
mod figure;
mod hops;
mod host;
mod html;
mod junit;
mod kept;
mod kills;
mod layout;
mod ledger;
mod not_run;
mod picture;
mod progress;
mod read;
mod revision;
mod run;
#[cfg(test)]
pub(crate) mod sample;
mod sides;
mod stamp;
mod summary;
mod table;
mod timeline;
mod write;

pub use annotations::annotations;
pub use answer::{Answer, answer};
pub use chronicle::chronicle;
pub use comparison::{Comparison, Outcome};
pub use curves::said_of;
pub use ending::{Ended, Ending, endings};
pub use exit::{Exit, FailOn, OnInconclusive, Strictness, exit};
pub use figure::{at_most, counted, figure};
pub use host::Host;
pub use html::{TREND_TITLE, trend_page};
pub use kept::{all_kept, keep, kept};
pub use layout::{CASES, case_dir};
pub use progress::{Progress, Standing};
pub use read::{ReadError, is_in, read, read_either, read_file};
pub use revision::revision;
pub use run::{
    Behaviour, BehaviourRow, CheckedRow, CurveRow, Demanded, DivergenceRow, FORMAT, LeftBehind,
    NotRun, OnBus, PerformanceRow, Run, TopicRow, Witness, schema,
};
pub use sides::sides;
pub use stamp::utc;
pub use summary::summary;
pub use table::table;
pub use timeline::{Passage, Timeline};
pub use write::{WriteError, write};
