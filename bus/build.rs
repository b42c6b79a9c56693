//! Compiles the schemas in `proto/` in pure Rust; no system `protoc` is needed.
//!
//! The published schema of events says `string`. The generated code gets `bytes` for those fields,
//! which is the same on the wire, so that decoded text can share the one allocation of its frame;
//! the conversion to the model checks that it is UTF-8. The control plane's and the journal's text
//! stays text.

use std::error::Error;

use prost_build::Config;
use protox::prost_reflect::prost_types::field_descriptor_proto::Type;
use protox::prost_reflect::prost_types::{DescriptorProto, FileDescriptorSet};

const EVENTS: &str = "proto/eventbus.proto";
const CONTROL: &str = "proto/control.proto";
const JOURNAL: &str = "proto/journal.proto";

fn main() -> Result<(), Box<dyn Error>> {
    for schema in [EVENTS, CONTROL, JOURNAL] {
        println!("cargo::rerun-if-changed={schema}");
    }
    if std::env::var_os("CARGO_FEATURE_IPC").is_none() {
        return Ok(());
    }
    let mut events: FileDescriptorSet = protox::compile([EVENTS], ["proto"])?;
    for message in events.file.iter_mut().flat_map(|file| &mut file.message_type) {
        strings_as_bytes(message);
    }
    let control = protox::compile([CONTROL], ["proto"])?;
    let journal = protox::compile([JOURNAL], ["proto"])?;
    for schema in [events, control, journal] {
        Config::new().bytes(["."]).compile_fds(schema)?;
    }
    Ok(())
}

fn strings_as_bytes(message: &mut DescriptorProto) {
    for field in &mut message.field {
        if field.r#type() == Type::String {
            field.set_type(Type::Bytes);
        }
    }
    message.nested_type.iter_mut().for_each(strings_as_bytes);
}
