include!("../bench-protocol/build_support.rs");
