//! `report.html` as a browser lays it out: nothing is cut off and no two words lie upon each other, wide
//! and narrow, light and dark.
//!
//! The pages come from real runs: one that fails, with its ladder, one that passes, and one that measured
//! something. Without Chromium the tests are listed as ignored, with the reason.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use daemoneye_eventbus::hops::Hop;
use equivalence::mutants::{Catch, FILES, KillMatrix, MUTANTS, MutantRow, Shown};
use equivalence::plan::Bus;
use equivalence::record::{HopTimes, TracedTrial, Unjoined, Validity, WhyUnjoined};
use equivalence::report;
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use tempfile::TempDir;

const NO_CHROMIUM: &str = "no Chromium on this host";
/// Widths of a desktop's, of a small desktop's and of a phone's window, pixels.
const WIDTHS: [u32; 3] = [1280, 1000, 400];
/// A page must stay below this, bytes.
const MOST_BYTES: u64 = 2_000_000;

/// Put at the end of a copy of the page: opens what folds, and says in the title what is wrong.
///
/// A box may scroll where the page means it to; words of one picture may touch, not cover each other.
const LOOK: &str = r#"<script>
for (const fold of document.querySelectorAll("details")) fold.open = true;
const scrolls = (element) => element.closest("pre, .picture") !== null;
const cut = [...document.querySelectorAll("body *")]
  .filter((element) => !scrolls(element) && element.namespaceURI.endsWith("xhtml"))
  .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
  .map((element) => element.tagName + ": " + element.textContent.slice(0, 60));
const covered = [], faint = [];
const light = (colour) => {
  const parts = colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
// Lines that WCAG 2.1 (1.4.11) would call too faint: below 3 to 1.
const unseen = (picture) => {
  const ground = light(getComputedStyle(picture.querySelector("rect.ground")).fill);
  return [...picture.querySelectorAll("line")].filter((line) => {
    const stroke = light(getComputedStyle(line).stroke);
    return (Math.max(stroke, ground) + 0.05) / (Math.min(stroke, ground) + 0.05) < 3;
  }).map((line) => line.getAttribute("class"));
};
for (const picture of document.querySelectorAll(".picture svg")) {
  const boxes = [...picture.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
  boxes.forEach(([one, a], at) => boxes.slice(at + 1).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 2 && high > 4) covered.push(one + " | " + other);
  }));
  // A ladder is to be seen whole; other pictures may scroll in their box.
  const ladder = picture.closest(".ladder");
  const room = (ladder ?? picture).getBoundingClientRect();
  boxes.filter(([, box]) => box.left < room.left - 1 || box.right > room.right + 1)
    .forEach(([text]) => cut.push("picture: " + text));
  if (ladder && ladder.scrollWidth > ladder.clientWidth + 1) cut.push("ladder: it scrolls");
  if (ladder) faint.push(...unseen(picture));
}
const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
const pictures = document.querySelectorAll(".picture svg").length;
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
const ground = getComputedStyle(document.body).backgroundColor;
document.title = JSON.stringify({ wide, cut, covered, faint, pictures, dark, ground });
</script>"#;

/// What [`LOOK`] says.
#[derive(Debug, Deserialize)]
struct Seen {
    wide: bool,
    cut: Vec<String>,
    covered: Vec<String>,
    faint: Vec<String>,
    pictures: usize,
    dark: bool,
    ground: String,
}

/// A test, with the name by which Chromium is called.
type Test = fn(&str) -> Result<(), Failed>;

fn main() -> ExitCode {
    let chromium = chromium();
    let names = [
        "a_page_of_a_failed_run_is_whole",
        "a_page_of_a_measured_run_is_whole",
        "a_page_of_a_run_that_passes_is_whole",
    ];
    let tests: [Test; 3] = [failed, measured, passed];
    let trials = names.into_iter().zip(tests).map(|(name, test)| {
        let found = chromium.unwrap_or_default();
        let trial = Trial::test(name, move || test(found));
        if chromium.is_none() {
            trial.with_ignored_flag(true).with_kind(NO_CHROMIUM)
        } else {
            trial
        }
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn chromium() -> Option<&'static str> {
    let runs = |name: &&str| {
        let ended = Command::new(name).arg("--version").output();
        ended.is_ok_and(|output| output.status.success())
    };
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find(runs)
}

/// The bus of old, in a scenario that declares what it does otherwise, with that taken out.
fn failed(chromium: &str) -> Result<(), Failed> {
    let scenarios = tempfile::tempdir()?;
    let name = "divergences/stalled-subscriber";
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/{name}.toml"));
    let text = fs::read_to_string(source)?;
    let undeclared = text.split("[[divergence]]").next().unwrap_or_default();
    fs::create_dir_all(scenarios.path().join("divergences"))?;
    fs::write(scenarios.path().join(format!("{name}.toml")), undeclared)?;
    let folder = scenarios.path().display().to_string();
    let page =
        run(&["--scenarios", &folder, "--scenario", name, "--candidate", "crossbeam-faithful"])?;
    let text = fs::read_to_string(page.path().join("report.html"))?;
    for told in ["do not switch", "never received", "class=\"fail\""] {
        if !text.contains(told) {
            return Err(format!("{told:?} is not on the page").into());
        }
    }
    look(chromium, &page, 1)
}

/// Nothing is broken and nothing measured: the page has no picture, and says so little.
fn passed(chromium: &str) -> Result<(), Failed> {
    let page = run(&["--scenario", "delivery/steady-small", "--candidate", "embedded"])?;
    let text = fs::read_to_string(page.path().join("report.html"))?;
    if text.contains("Broken promises") || !text.contains("Behaviour") {
        return Err("it is no page of a run that passes".into());
    }
    look(chromium, &page, 0)
}

fn measured(chromium: &str) -> Result<(), Failed> {
    let paced = ["--scenario", "perf/paced[rate=10000/s,subs=1]"];
    let others = ["--scenario", "perf/saturation[subs=1]", "--candidate", "process"];
    let page = run(&[paced.as_slice(), &others].concat())?;
    trace(page.path())?;
    put_matrix_beside(page.path())?;
    let text = fs::read_to_string(page.path().join("report.html"))?;
    for told in [
        "Traced trial: where",
        "class=\"subscriber-wake\"",
        "traced trial is invalid",
        "broken buses are caught",
    ] {
        if !text.contains(told) {
            return Err(format!("{told:?} is not on the page").into());
        }
    }
    // Percentiles of the paced case, and the processes of both on both buses.
    look(chromium, &page, 1 + 4)
}

/// A kill matrix of every mutant there is, as wide as it gets, and the page written again.
fn put_matrix_beside(folder: &Path) -> Result<(), Failed> {
    let rows = MUTANTS.iter().map(|mutant| {
        let kills = mutant.guards.iter().map(|guard| (*guard, 1)).collect();
        MutantRow::new(mutant, Shown::Judged(Catch { kills, ..Catch::default() }))
    });
    let matrix = KillMatrix { mutants: rows.collect(), complete: true, ..KillMatrix::default() };
    fs::write(folder.join(FILES[0]), serde_json::to_string(&matrix)?)?;
    let mut again = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    let output = again.arg("report").arg(folder).arg("--write").arg(folder).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}

/// Writes the report once more with what the shortest profile does not run: traced trials, whose hops are
/// as different as they can be, and one that says much.
fn trace(folder: &Path) -> Result<(), Failed> {
    let mut run = report::read(folder)?;
    let case = run.evidence.first().ok_or("nothing was measured")?.case.clone();
    let hop = |(place, hop): (usize, &Hop)| HopTimes {
        hop: *hop,
        mean_ns: [0.4, 35_000_000.0, 61.0, 999.4][place % 4],
        p50_ns: 1,
        p99_ns: (place > 2).then_some(59_999_999_999),
    };
    let own = |bus| TracedTrial {
        case: case.clone(),
        bus,
        validity: Validity::Valid,
        every: 4_097,
        samples: 1_234_567,
        mean_ns: 1.0,
        p50_ns: 1,
        whole_mean_ns: Some(71_234_567.0),
        judged_mean_ns: Some(61_234_567.0),
        hops: Hop::ALL.iter().enumerate().map(hop).collect(),
        unjoined: Hop::ALL
            .map(|hop| Unjoined { hop, why: WhyUnjoined::Missing, deliveries: 1_234_567 })
            .to_vec(),
        left_out: 1_234_567,
    };
    let why = "stamps of 1234567 deliveries are out of order: wake-up of the subscriber of event \
               1234567 ended 1234567 ns before broker's queue";
    let invalid = TracedTrial { validity: Validity::Invalid(why.to_owned()), ..own(Bus::Embedded) };
    run.traced = vec![own(Bus::Process), own(Bus::CrossbeamSpinning), invalid];
    Ok(report::write(folder, &run)?)
}

/// A run of the shortest profile; its folder.
fn run(arguments: &[&str]) -> Result<TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    let output = Command::new(env!("CARGO_BIN_EXE_equivalence"))
        .args(["run", "--profile", "smoke", "--out"])
        .arg(folder.path())
        .args(arguments)
        .output()?;
    if folder.path().join("report.html").is_file() {
        return Ok(folder);
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}

/// Lays the page out at every width, light and dark.
fn look(chromium: &str, folder: &TempDir, pictures: usize) -> Result<(), Failed> {
    let page = folder.path().join("report.html");
    let bytes = fs::metadata(&page)?.len();
    if bytes >= MOST_BYTES {
        return Err(format!("the page has {bytes} bytes").into());
    }
    let copy = folder.path().join("looked-at.html");
    fs::write(&copy, fs::read_to_string(&page)?.replace("</body>", &format!("{LOOK}</body>")))?;
    let mut grounds = Vec::new();
    for width in WIDTHS {
        for dark in [false, true] {
            let seen = laid_out(chromium, &copy, width, dark)?;
            let whole = !seen.wide && seen.cut.is_empty() && seen.covered.is_empty();
            if !whole || !seen.faint.is_empty() || seen.pictures < pictures || seen.dark != dark {
                return Err(format!("{width} pixels, dark {dark}: {seen:?}").into());
            }
            grounds.push(seen.ground);
        }
    }
    if grounds[0] == grounds[1] {
        return Err(format!("light and dark look alike: {grounds:?}").into());
    }
    Ok(())
}

fn laid_out(chromium: &str, page: &Path, width: u32, dark: bool) -> Result<Seen, Failed> {
    let profile = tempfile::tempdir()?;
    let scheme = u8::from(!dark);
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={width},900"))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("file://{}", page.display()))
        .output()?;
    let dom = String::from_utf8_lossy(&output.stdout);
    let title = dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    let title = title.ok_or("Chromium gave no page")?.replace("&amp;", "&");
    let title = title.replace("&lt;", "<").replace("&gt;", ">");
    Ok(serde_json::from_str(&title).map_err(|cause| format!("{cause}: {title}"))?)
}
