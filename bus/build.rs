//! Compiles `proto/eventbus.proto` in pure Rust; no system `protoc` is needed.
//!
//! The published schema says `string`. The generated code gets `bytes` for those fields, which is
//! the same on the wire, so that decoded text can share the one allocation of its frame; the
//! conversion to the model checks that it is UTF-8.

use std::error::Error;

use prost_build::Config;
use protox::prost_reflect::prost_types::field_descriptor_proto::Type;
use protox::prost_reflect::prost_types::{DescriptorProto, FileDescriptorSet};

const SCHEMA: &str = "proto/eventbus.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SCHEMA}");
    if std::env::var_os("CARGO_FEATURE_IPC").is_none() {
        return Ok(());
    }
    let mut files: FileDescriptorSet = protox::compile([SCHEMA], ["proto"])?;
    for message in files.file.iter_mut().flat_map(|file| &mut file.message_type) {
        strings_as_bytes(message);
    }
    Config::new().bytes(["."]).compile_fds(files)?;
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
