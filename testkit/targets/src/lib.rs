//! One function for each library, with numbers only at its border: the linker keeps what the function needs and no more.
//!
//! The only `unsafe` is the attribute that keeps a function's name, and the declaration of the symbol that a panic calls.
#![no_std]

extern crate alloc;

mod heap;
mod input;
mod small;

use core::panic::PanicInfo;

#[global_allocator]
static HEAP: linked_list_allocator::LockedHeap = linked_list_allocator::LockedHeap::empty();

unsafe extern "C" {
    /// Not defined: a program that can panic does not link without it.
    safe fn hubward_panicked() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    hubward_panicked()
}
