//! Topics and patterns (T1–T6): what is read is written back the same, and matching, covering and
//! overlapping agree with each other.
#![no_main]

use daemoneye_eventbus::{Topic, TopicPattern};

libfuzzer_sys::fuzz_target!(|texts: (&str, &str, &str)| {
    let topic = texts.0.parse::<Topic>();
    let patterns = [texts.1, texts.2].map(str::parse::<TopicPattern>);
    for (pattern, text) in patterns.iter().zip([texts.1, texts.2]) {
        if let Ok(pattern) = pattern {
            assert_eq!(pattern.to_string(), text);
        }
    }
    if let [Ok(one), Ok(other)] = &patterns {
        assert!(!one.covers(other) || one.overlaps(other));
        assert_eq!(one.overlaps(other), other.overlaps(one));
        if let Ok(topic) = &topic {
            assert_eq!(topic.as_str(), texts.0);
            assert!(!(one.covers(other) && other.matches(topic)) || one.matches(topic));
            assert!(!(one.matches(topic) && other.matches(topic)) || one.overlaps(other));
        }
    }
});
