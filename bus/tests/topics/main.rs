//! What topics promise (T1–T8), asked through the public interface: parsing and its refusals, the
//! meaning of a match, the trie's agreement with it, the registry, and the document.

mod covering;
mod document;
mod matching;
mod oracle;
mod parsing;
mod registry;
mod strategy;
mod trie;
