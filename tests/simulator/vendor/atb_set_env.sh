#!/bin/bash
# Environment of NNAL's ATB. Without --cxx_abi=0 or 1 the installed torch is asked, which has to be importable.
function atb_abi() {
    if [[ "$1" == --cxx_abi=[01] ]]; then
        echo "${1#*=}"
    else
        python3 -c 'import torch; print(int(torch.compiled_with_cxx11_abi()))' 2>/dev/null || echo 0
    fi
}
export ATB_HOME_PATH=@HOME@/atb/cxx_abi_$(atb_abi "$1")
export LD_LIBRARY_PATH=$ATB_HOME_PATH/lib:$LD_LIBRARY_PATH
export ATB_STREAM_SYNC_EVERY_KERNEL_ENABLE=0
export ATB_WORKSPACE_MEM_ALLOC_GLOBAL=0
unset -f atb_abi
