//! Sets up the linker for an addon.

fn main() {
    // The linker flags that an addon needs; without the border there is nothing to set up.
    if std::env::var_os("CARGO_FEATURE_JS").is_some() {
        napi_build::setup();
    }
}
