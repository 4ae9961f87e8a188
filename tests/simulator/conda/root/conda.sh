# Sourced by interactive shells: makes `conda activate` and `conda deactivate` possible. Stand-in for conda 4.10's file.
export CONDA_EXE='@PREFIX@/bin/conda'
export CONDA_PYTHON_EXE='@PREFIX@/bin/python'
conda() {
    case "${1-}" in
    activate | deactivate | reactivate)
        \local ask_conda
        ask_conda="$("$CONDA_EXE" shell.posix "$@")" || \return
        \eval "$ask_conda"
        ;;
    *) "$CONDA_EXE" "$@" ;;
    esac
}
if [ -z "${CONDA_SHLVL+x}" ]; then
    export CONDA_SHLVL=0
    PATH="@PREFIX@/condabin${PATH:+:${PATH}}"
    export PATH
fi
