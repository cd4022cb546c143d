"""TFLite files: conversion, quantisation, metadata, measurement."""
