//! Relative links in Markdown lead somewhere, headings included.
//!
//! Links to other hosts are not followed. Code blocks and code spans are not links.

use std::path::Path;

use super::Finding;
use super::tree::Tree;

/// Links whose file, folder or heading does not exist.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(&["md"]) {
        for (line, target) in links(text) {
            if let Some(why) = broken(tree, path, text, &target) {
                findings.push(Finding::new(path, line, format!("broken link `{target}`: {why}")));
            }
        }
    }
    findings
}

fn broken(tree: &Tree, path: &str, text: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, heading) = target.split_once('#').map_or((target, None), |(f, h)| (f, Some(h)));
    let resolved = if file.is_empty() { path.to_owned() } else { resolve(path, file) };
    if !tree.exists(&resolved) {
        return Some(format!("there is no {resolved}"));
    }
    let there = if file.is_empty() { Some(text) } else { tree.text(&resolved) };
    let heading = heading?;
    let page = there.filter(|_| is_markdown(&resolved))?;
    let known = page.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == heading);
    (!known).then(|| format!("{resolved} has no heading `#{heading}`"))
}

fn is_markdown(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "md")
}

/// A path beside `from`, with `.` and `..` taken out; above the root it stays as written.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return target.to_owned();
                }
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// Targets of `[text](target)` and `[name]: target`, with their lines.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            let prose = without_code_spans(line);
            let targets = inline_targets(&prose).into_iter().chain(definition(&prose));
            found.extend(targets.map(|target| (index + 1, target)));
        }
    }
    found
}

fn without_code_spans(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("")
}

fn inline_targets(line: &str) -> Vec<String> {
    let after = line.split("](").skip(1);
    let targets = after.filter_map(|rest| rest.split([')', ' ']).next());
    targets.filter(|target| !target.is_empty()).map(str::to_owned).collect()
}

fn definition(line: &str) -> Option<String> {
    let (name, target) = line.strip_prefix('[')?.split_once("]:")?;
    (!name.contains(']')).then(|| target.split_whitespace().next().map(str::to_owned))?
}

/// The anchor a heading gets.
fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Tree, check, slug};

    fn found(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[
            ("docs/page.md", text),
            ("docs/other.md", "# A title: with `code`\n"),
            ("src/lib.rs", ""),
        ]);
        check(&tree).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_link_to_nothing_is_found() {
        assert_eq!(found("[a](other.md)\n[b](gone.md) and [c](../src/lib.rs) [d](../src)"), [2]);
        assert_eq!(found("[x]: gone.md\n[y]: other.md"), [1]);
        assert_eq!(found("[above](../../../elsewhere.md)"), [1]);
    }

    #[test]
    fn a_heading_that_does_not_exist_is_found() {
        assert_eq!(
            found("[a](other.md#a-title-with-code)\n[b](other.md#gone)\n[c](#none)"),
            [2, 3]
        );
    }

    #[test]
    fn other_hosts_and_code_are_left_alone() {
        assert!(
            found("[a](https://example.org/x) `[b](gone.md)`\n```\n[c](gone.md)\n```").is_empty()
        );
    }

    #[test]
    fn anchors_are_made_as_readers_make_them() {
        assert_eq!(slug("## 2. The house, in short"), "2-the-house-in-short");
    }
}
