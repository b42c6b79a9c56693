//! One Rust file as the checks see it: modules it declares, paths it names, attributes, calls.
//!
//! Works on tokens, inside macros too. It resolves nothing; that is `modules`' part.

use std::str::FromStr as _;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// What a file contains. Lines count from 1.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) modules: Vec<Declaration>,
    pub(super) paths: Vec<PathUse>,
    /// Things `phrases` has an opinion on.
    pub(super) remarks: Vec<Remark>,
}

/// `mod name;`
#[derive(Debug)]
pub(super) struct Declaration {
    /// Inline modules around it, outermost first.
    pub(super) parents: Vec<String>,
    pub(super) name: String,
    /// Value of its `#[path]`.
    pub(super) file: Option<String>,
    pub(super) test: bool,
    pub(super) line: usize,
}

/// `crate::topic::Topic`; groups of a `use` are taken apart.
#[derive(Debug)]
pub(super) struct PathUse {
    pub(super) parents: Vec<String>,
    pub(super) segments: Vec<String>,
    /// The name it gets in scope by a `use … as`.
    pub(super) alias: Option<String>,
    pub(super) test: bool,
    /// Whether the item has `#[expect(…disallowed_methods…)]` or runs on a paused clock.
    pub(super) may_sleep: bool,
    pub(super) line: usize,
}

/// Something written that needs a reason.
#[derive(Debug)]
pub(super) struct Remark {
    pub(super) kind: RemarkKind,
    pub(super) test: bool,
    pub(super) line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RemarkKind {
    /// `#[allow(…)]`
    Allow,
    /// `#[ignore]` without a reason.
    BareIgnore,
    /// `todo!()` or `unimplemented!()`
    Stub,
    /// `.unwrap()`
    Unwrap,
}

/// What surrounds a token.
#[derive(Debug, Clone, Default)]
struct Surroundings {
    parents: Vec<String>,
    test: bool,
    may_sleep: bool,
}

impl Scan {
    /// Reads a file; the error names the line where it stops being Rust.
    pub(super) fn of(text: &str) -> Result<Self, usize> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let tokens = TokenStream::from_str(text).map_err(|error| error.span().start().line)?;
        let mut scan = Self::default();
        scan.items(tokens, &Surroundings::default());
        Ok(scan)
    }

    fn items(&mut self, tokens: TokenStream, outer: &Surroundings) {
        let mut outer = outer.clone();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        // Attributes hold until the item they stand before ends.
        let mut item = outer.clone();
        let mut file = None;
        let mut at = 0;
        while at < tokens.len() {
            if let Some((inner, attribute, next)) = attribute(&tokens, at) {
                let target = if inner { &mut outer } else { &mut item };
                self.attribute(attribute, target, &mut file);
                if inner {
                    item = outer.clone();
                }
                at = next;
            } else if let Some((name, body, next)) = module(&tokens, at) {
                self.module(name, body, &item, file.take());
                item = outer.clone();
                at = next;
            } else if is_path(&tokens, at) {
                at = self.path(&tokens, at, Vec::new(), &item);
            } else {
                at = self.token(&tokens, at, &item);
                if ends_item(&tokens[at - 1]) {
                    item = outer.clone();
                }
            }
        }
    }

    fn attribute(&mut self, group: &Group, item: &mut Surroundings, file: &mut Option<String>) {
        let text = group.stream().to_string();
        let compact: String = text.split_whitespace().collect();
        let line = group.span_open().start().line;
        item.test |= compact == "test"
            || compact.contains("::test")
            || compact.starts_with("cfg(test)")
            || compact.starts_with("cfg(all(test,");
        item.may_sleep |= compact.contains("start_paused=true")
            || (compact.starts_with("expect(") && compact.contains("disallowed_methods"));
        if compact.starts_with("allow(") {
            self.remark(RemarkKind::Allow, item, line);
        }
        if compact == "ignore" {
            self.remark(RemarkKind::BareIgnore, item, line);
        }
        if let Some(value) = compact.strip_prefix("path=") {
            *file = Some(value.trim_matches('"').to_owned());
        }
    }

    fn module(
        &mut self,
        name: &Ident,
        body: Option<&Group>,
        item: &Surroundings,
        file: Option<String>,
    ) {
        let Some(body) = body else {
            self.modules.push(Declaration {
                parents: item.parents.clone(),
                name: name.to_string(),
                file,
                test: item.test,
                line: name.span().start().line,
            });
            return;
        };
        let mut inside = item.clone();
        inside.parents.push(name.to_string());
        self.items(body.stream(), &inside);
    }

    /// Reads `a::b::{c, d::e}` from its first word; returns where it ends.
    fn path(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        mut segments: Vec<String>,
        item: &Surroundings,
    ) -> usize {
        let line = tokens[at].span().start().line;
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(word)) => segments.push(word.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.group(group, &segments, item);
                    return at + 1;
                }
                _ => break,
            }
            at += 1;
            if !is_separator(tokens, at) {
                break;
            }
            at += 2;
        }
        let alias = match (tokens.get(at), tokens.get(at + 1)) {
            (Some(TokenTree::Ident(word)), Some(TokenTree::Ident(name))) if *word == "as" => {
                Some(name.to_string())
            }
            _ => None,
        };
        if segments.len() > 1 {
            let Surroundings { parents, test, may_sleep } = item.clone();
            self.paths.push(PathUse { parents, segments, alias, test, may_sleep, line });
        }
        at
    }

    fn group(&mut self, group: &Group, prefix: &[String], item: &Surroundings) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if matches!(tokens[at], TokenTree::Ident(_)) {
                at = self.path(&tokens, at, prefix.to_vec(), item);
            }
            // Past `as name` and the comma.
            while at < tokens.len() && !is_punct(&tokens[at], ',') {
                at += 1;
            }
            at += 1;
        }
    }

    /// Anything that is neither attribute, module nor path; returns where it ends.
    fn token(&mut self, tokens: &[TokenTree], at: usize, item: &Surroundings) -> usize {
        match &tokens[at] {
            TokenTree::Group(group) => self.items(group.stream(), item),
            TokenTree::Ident(word) => {
                let line = word.span().start().line;
                let next = tokens.get(at + 1);
                let stub = *word == "todo" || *word == "unimplemented";
                if stub && next.is_some_and(|next| is_punct(next, '!')) {
                    self.remark(RemarkKind::Stub, item, line);
                }
                let method = at > 0 && is_punct(&tokens[at - 1], '.');
                if *word == "unwrap" && method && next.is_some_and(is_empty_call) {
                    self.remark(RemarkKind::Unwrap, item, line);
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        at + 1
    }

    fn remark(&mut self, kind: RemarkKind, item: &Surroundings, line: usize) {
        self.remarks.push(Remark { kind, test: item.test, line });
    }
}

/// `#[…]` or `#![…]`: whether it is the latter, its content, and where it ends.
fn attribute(tokens: &[TokenTree], at: usize) -> Option<(bool, &Group, usize)> {
    if !is_punct(&tokens[at], '#') {
        return None;
    }
    let inner = tokens.get(at + 1).is_some_and(|token| is_punct(token, '!'));
    let place = at + 1 + usize::from(inner);
    match tokens.get(place)? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            Some((inner, group, place + 1))
        }
        _ => None,
    }
}

/// `mod name;` or `mod name { … }`.
fn module(tokens: &[TokenTree], at: usize) -> Option<(&Ident, Option<&Group>, usize)> {
    match (&tokens[at], tokens.get(at + 1)?, tokens.get(at + 2)?) {
        (TokenTree::Ident(word), TokenTree::Ident(name), after) if *word == "mod" => match after {
            TokenTree::Group(group) => Some((name, Some(group), at + 3)),
            after => is_punct(after, ';').then_some((name, None, at + 3)),
        },
        _ => None,
    }
}

fn is_path(tokens: &[TokenTree], at: usize) -> bool {
    matches!(tokens[at], TokenTree::Ident(_)) && is_separator(tokens, at + 1)
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| tokens.get(at).is_some_and(|token| is_punct(token, ':'));
    colon(at) && colon(at + 1)
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_empty_call(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group)
        if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty())
}

fn ends_item(token: &TokenTree) -> bool {
    let braces = matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    braces || is_punct(token, ';')
}

impl PathUse {
    /// The name it brings into scope.
    pub(super) fn name(&self) -> &str {
        self.alias.as_deref().or(self.segments.last().map(String::as_str)).unwrap_or_default()
    }

    /// The segments as written.
    pub(super) fn written(&self) -> String {
        self.segments.join("::")
    }
}

#[cfg(test)]
mod tests;
