//! Prints `docs/ENDPOINTS.md`.

fn main() {
    println!("# Endpoints of a hub\n");
    println!(
        "Written by `cargo run -p hubward-policy --example endpoints`; a test compares it with the data.\n"
    );
    println!(
        "RegistryWrite includes RegistryRead. `{{device}}` and `{{module}}` are ids, another `{{word}}` is one name,"
    );
    println!(
        "`{{bag}}` is a property bag or nothing. A `#` is a part of the filter, and no other filter is allowed."
    );
    println!("Words are compared exactly, and an operation without a row is denied.\n");
    print!("{}", hubward_policy::endpoint_table());
    println!("\n# Endpoints of the provisioning service\n");
    println!("`{{scope}}` and `{{registration}}` must be those of the device's own credential.\n");
    print!("{}", hubward_policy::provisioning_table());
}
