//! What a case claims, in the words of the contract.

use super::page::Page;
use crate::plan::Claim;

/// The page that defines every number.
const CONTRACT: &str = include_str!("../../../../bus/CONTRACT.md");

/// Each number with its first sentence.
pub(super) fn write(page: &mut Page, claims: &[Claim]) {
    page.heading("Promises it shows (bus/CONTRACT.md says all of each)");
    for claim in claims {
        let promise = promise(*claim).unwrap_or_else(|| "not in the contract".to_owned());
        page.item(&format!("{:4}", claim.as_str()), &promise);
    }
}

/// The first sentence of a promise; `None` for a number the page does not define.
fn promise(claim: Claim) -> Option<String> {
    let mark = format!("- **{claim}** ");
    let mut lines = CONTRACT.lines().skip_while(|line| !line.starts_with(&mark));
    let first = lines.next()?.strip_prefix(&*mark)?;
    let below = lines.take_while(|line| line.starts_with("  ")).map(str::trim);
    let whole: Vec<&str> = std::iter::once(first).chain(below).collect();
    let whole = whole.join(" ");
    let sentence = whole.split_once(". ").map(|(sentence, _)| format!("{sentence}."));
    Some(sentence.unwrap_or(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_that_can_be_claimed_has_a_sentence_of_its_own() {
        for claim in Claim::ALL {
            let sentence = promise(*claim).unwrap_or_else(|| panic!("{claim} is not there"));
            assert!(
                sentence.ends_with('.') && !sentence.contains("Shown by"),
                "{claim}: {sentence}"
            );
        }
    }

    #[test]
    fn a_sentence_ends_where_the_next_begins() {
        let sentence = "An event reaches a subscription once at most, even where several of its \
                        patterns match.";
        assert_eq!(promise(Claim::C3).as_deref(), Some(sentence));
    }
}
