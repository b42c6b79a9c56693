//! What the scanner sees and what it must not mistake.

use super::{RemarkKind, Scan};

fn paths(text: &str) -> Vec<(usize, String, bool)> {
    let scan = Scan::of(text).expect("Rust");
    scan.paths.iter().map(|path| (path.line, path.written(), path.test)).collect()
}

#[test]
fn groups_of_a_use_are_taken_apart() {
    let found = paths("use crate::{topic::{self, Topic},\n event::EventKind as Kind};");
    let written: Vec<_> = found.iter().map(|(line, path, _)| (*line, path.as_str())).collect();
    assert_eq!(
        written,
        [(1, "crate::topic::self"), (1, "crate::topic::Topic"), (2, "crate::event::EventKind")]
    );
}

#[test]
fn paths_inside_macros_and_bodies_are_seen() {
    let found = paths("fn f() { println!(\"{}\", crate::topic::MAX); let x: super::Y = z; }");
    assert_eq!(found.len(), 2);
}

#[test]
fn comments_and_strings_are_not_code() {
    assert!(
        paths("// use crate::a::B;\n/// [`crate::a::B`]\nconst A: &str = \"crate::a::B\";")
            .is_empty()
    );
}

#[test]
fn test_code_is_told_from_the_rest() {
    let text =
        "#[cfg(test)]\nmod tests { use crate::a::B; }\n#[test]\nfn t() { c::d() }\nuse e::f;";
    let tests: Vec<_> = paths(text).into_iter().map(|(_, _, test)| test).collect();
    assert_eq!(tests, [true, true, false]);
}

#[test]
fn a_path_knows_the_inline_modules_around_it() {
    let scan = Scan::of("mod a { mod b { use super::C; } mod c; }").expect("Rust");
    assert_eq!(scan.paths[0].parents, ["a", "b"]);
    assert_eq!((&scan.modules[0].parents[..], &*scan.modules[0].name), (&["a".into()][..], "c"));
}

#[test]
fn remarks_are_found_with_their_line() {
    let text =
        "#![allow(dead_code)]\n#[ignore]\n#[ignore = \"why\"]\nfn f() { todo!(); x.unwrap() }";
    let scan = Scan::of(text).expect("Rust");
    let found: Vec<_> = scan.remarks.iter().map(|remark| (remark.kind, remark.line)).collect();
    assert_eq!(
        found,
        [
            (RemarkKind::Allow, 1),
            (RemarkKind::BareIgnore, 2),
            (RemarkKind::Stub, 4),
            (RemarkKind::Unwrap, 4)
        ]
    );
}

#[test]
fn what_is_not_rust_is_refused_with_its_line() {
    assert_eq!(Scan::of("fn f() {\n}}").err(), Some(2));
}
