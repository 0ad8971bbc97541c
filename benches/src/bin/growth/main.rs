//! `growth`: what each hot path costs at growing sizes. It prints a table, `NAME SIZE ns`, and writes the same table as a
//! picture to the file that its argument names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::std_instead_of_core,
    missing_docs,
    unreachable_pub,
    reason = "a measurement that cannot go on must stop, and it must read a clock"
)]

use hubward_benches::case::{Case, cpu_time, measure_rounds, pin};
use hubward_benches::provisioning::{Groups, Issuers};
use hubward_benches::registry::{Sized, exported, import_lines};
use hubward_benches::revocation::Listed;
use hubward_benches::{pictures, record, rights, sizes};

/// A picture needs no more than two digits.
const ROUNDS: usize = 31;

fn main() {
    let mut table = record::head();
    table.push_str("\n# NAME SIZE ns, medians of one process; HUBWARD_BENCH_MOST limits the sizes\n");
    pin();
    revocation(&mut table);
    authorization(&mut table);
    provisioning(&mut table);
    registry(&mut table);
    import(&mut table);
    print!("{table}");
    if let Some(file) = std::env::args().nth(1) {
        std::fs::write(&file, pictures::growth(&table)).expect("the picture is written");
    }
}

/// Measures the same path at all sizes in turn, so that a disturbance affects all sizes alike.
fn add(table: &mut String, name: &str, sizes: &[usize], mut cases: Vec<Case<'_>>) {
    measure_rounds(&mut cases, ROUNDS);
    for (size, case) in sizes.iter().zip(&cases) {
        let line = format!("{name} {size} {:.0}\n", case.median);
        eprint!("{line}");
        table.push_str(&line);
    }
}

fn revocation(table: &mut String) {
    let sizes: Vec<_> = sizes::powers(2, 6).collect();
    let lists: Vec<_> = sizes.iter().map(|size| Listed::new(u32::try_from(*size).unwrap())).collect();
    add(table, "crl.kept-issuer", &sizes, lists.iter().map(|list| list.kept("kept")).collect());
    add(table, "crl.prepared", &sizes, lists.iter().map(|list| list.prepared("prepared")).collect());
    add(table, "crl.whole-chain", &sizes, lists.iter().map(|list| list.whole("whole")).collect());
}

fn authorization(table: &mut String) {
    let sizes = [5, 50, 500, 1_000];
    let cases =
        |make: &dyn Fn(usize) -> Case<'static>| sizes.iter().map(|size| make(*size)).collect::<Vec<_>>();
    add(table, "statements.of-a-device", &sizes, cases(&|size| rights::statements("statements", size)));
    add(table, "statements.for-all", &sizes, cases(&|size| rights::statements_for_all("for all", size)));
    let sizes = [10, 100, 1_000, 10_000];
    let cases =
        |make: &dyn Fn(usize) -> Case<'static>| sizes.iter().map(|size| make(*size)).collect::<Vec<_>>();
    add(table, "roles.of-a-user", &sizes, cases(&|size| rights::roles("roles", size)));
    add(table, "block-list.of-devices", &sizes, cases(&|size| rights::lists("devices", size, false)));
    add(table, "block-list.of-groups", &sizes, cases(&|size| rights::lists("groups", size, true)));
}

fn provisioning(table: &mut String) {
    let sizes: Vec<_> = sizes::powers(1, 5).collect();
    let groups: Vec<_> = sizes.iter().map(|size| Groups::with_keys(*size)).collect();
    let issuers: Vec<_> = sizes.iter().map(|size| Issuers::new(*size)).collect();
    add(table, "groups.each-tried", &sizes, groups.iter().map(|all| all.tried("tried")).collect());
    add(table, "groups.named", &sizes, groups.iter().map(|all| all.named("named")).collect());
    add(table, "groups.by-issuer", &sizes, issuers.iter().map(|all| all.case("by issuer")).collect());
}

fn registry(table: &mut String) {
    let sizes: Vec<_> = sizes::powers(3, 7).collect();
    let fleets: Vec<_> = sizes.iter().map(|size| Sized::new(*size)).collect();
    add(table, "registry.warm", &sizes, fleets.iter().map(|fleet| fleet.warm("warm")).collect());
    add(table, "registry.cold", &sizes, fleets.iter().map(|fleet| fleet.cold("cold")).collect());
    add(table, "registry.verify-warm", &sizes, fleets.iter().map(|fleet| fleet.verify("verify")).collect());
}

/// The cost of a line, by the number of lines.
fn import(table: &mut String) {
    for size in sizes::powers(3, 6) {
        let text = exported(size);
        let times = (0..3).map(|_| {
            let start = cpu_time();
            let registry = import_lines(&text);
            let time = (cpu_time() - start).as_nanos() as f64 / size as f64;
            drop(registry);
            time
        });
        let mut times: Vec<_> = times.collect();
        times.sort_by(f64::total_cmp);
        let line = format!("import.line {size} {:.0}\n", times[1]);
        eprint!("{line}");
        table.push_str(&line);
    }
}
