//! Compiles the schema in `proto/` in pure Rust; no system `protoc` is needed.

use std::error::Error;

use prost_build::Config;

const IPC: &str = "proto/ipc.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={IPC}");
    let schema = protox::compile([IPC], ["proto"])?;
    // Named values in the order of their names, so that equal messages are equal bytes.
    Config::new().btree_map(["."]).compile_fds(schema)?;
    Ok(())
}
