extern thread_local int elsewhere;
int read();
int read() {
    return elsewhere;
}
